import { lifeOfABox } from "../../support/life.ts";
import { rootlessUser } from "../../support/rootless.ts";

// FR-003: the same life, by an ordinary user with Podman of their own.
lifeOfABox(rootlessUser);
