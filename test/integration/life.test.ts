import { lifeOfABox } from "../support/life.ts";

lifeOfABox(() => Promise.resolve(undefined));
