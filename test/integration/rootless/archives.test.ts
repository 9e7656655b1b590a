import { describe } from "vitest";
import { wayOfAHome } from "../../support/archives.ts";
import { rootlessUser } from "../../support/rootless.ts";

describe("a home that is put away by an ordinary user with Podman of their own", () => {
  wayOfAHome(rootlessUser);
});
