import { enableCompileCache } from "node:module";
import path from "node:path";
import { cacheDir } from "./cli/paths.ts";

// Compiling the program anew would cost every command some 20 ms. The directory is the user's own:
// what lies in the system's shared one could have been put there by others.
enableCompileCache(path.join(cacheDir(), "code"));

void import("./cli/main.ts").then(({ main }) => main());
