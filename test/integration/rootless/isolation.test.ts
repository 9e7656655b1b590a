import { isolation } from "../../support/isolation.ts";
import { rootlessUser } from "../../support/rootless.ts";

isolation(() => rootlessUser());
