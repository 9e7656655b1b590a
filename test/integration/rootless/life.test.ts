import { describe } from "vitest";
import { lifeOfABox } from "../../support/life.ts";
import { rootlessUser } from "../../support/rootless.ts";

describe("the same life, by an ordinary user with Podman of their own [FR-003]", () => {
  lifeOfABox(rootlessUser);
});
