import { main } from "./cli/main.ts";

await main(import.meta.url);
