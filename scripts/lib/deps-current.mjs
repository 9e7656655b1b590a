// Exit 0 when node_modules holds what package-lock.json asks for. Runs on any Node, before ours is installed.
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";

const packagesOf = (file) => JSON.parse(readFileSync(file, "utf8")).packages;

function isCurrent() {
  if (!existsSync("node_modules/.package-lock.json") || !existsSync("node_modules/.bin/node")) return false;
  const installed = packagesOf("node_modules/.package-lock.json");
  return Object.entries(packagesOf("package-lock.json")).every(([path, wanted]) => {
    if (path === "") return true;
    const found = installed[path];
    // Optional packages are those of other platforms too; npm leaves them out.
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
    return found.version === wanted.version;
  });
}

process.exitCode = isCurrent() ? 0 : 1;
