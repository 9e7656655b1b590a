import { execFileSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";

/** One part of the test run: a command whose exit code counts as one check, or a Vitest project that counts its tests. */
export interface Step {
  readonly name: string;
  readonly kind: "check" | "build" | "tests";
  readonly argv: readonly string[];
  /** What a person is told while it runs. */
  readonly doing: string;
}

const VITEST_PROJECTS = ["unit", "integration", "rootless"] as const;
type VitestProject = (typeof VITEST_PROJECTS)[number];

const SHELL_SHEBANG = /^#! *\/(?:usr\/)?bin\/(?:env +)?(?:ba|da)?sh\b/;

function startsWithShebang(file: string): boolean {
  const start = Buffer.alloc(64);
  try {
    const handle = openSync(file, "r");
    try {
      readSync(handle, start);
    } finally {
      closeSync(handle);
    }
  } catch {
    return false; // deleted but not yet committed, or a link to nowhere
  }
  return SHELL_SHEBANG.test(start.toString("latin1"));
}

/** Every shell script that git knows or would take, by name or by first line. */
function shellScripts(): string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  });
  return [...new Set(listed.split("\0"))].filter((file) => file !== "" && startsWithShebang(file)).sort();
}

function vitest(project: VitestProject, files: readonly string[], doing: string): Step {
  return { name: project, kind: "tests", argv: ["vitest", "run", "--project", project, ...files], doing };
}

/** All steps in their order; `files` narrows the tests to paths that contain one of these words. */
function allSteps(files: readonly string[]): Step[] {
  return [
    { name: "format", kind: "check", argv: ["prettier", "--check", "."], doing: "Prettier" },
    { name: "lint", kind: "check", argv: ["eslint", "."], doing: "ESLint with types" },
    { name: "types", kind: "check", argv: ["tsc", "--noEmit"], doing: "the TypeScript compiler" },
    { name: "unused", kind: "check", argv: ["knip", "--no-progress"], doing: "knip" },
    { name: "shell", kind: "check", argv: ["shellcheck", "-x", "--", ...shellScripts()], doing: "shellcheck" },
    { name: "build", kind: "build", argv: ["node", "scripts/build.ts"], doing: "building devbox-ctl" },
    vitest("unit", files, "unit tests"),
    vitest("integration", files, "integration tests on real Podman (minutes)"),
    vitest("rootless", files, "integration tests on rootless Podman (minutes)"),
  ];
}

/** The steps that the words of `npm test -- …` ask for: names of steps, `static` for all checks, or parts of test paths. */
export function chosenSteps(words: readonly string[]): Step[] {
  const names = new Set(allSteps([]).map(({ name }) => name));
  const isStepWord = (word: string): boolean => names.has(word) || word === "static";
  const files = words.filter((word) => !isStepWord(word));
  const asked = new Set(words.filter(isStepWord));
  for (const file of files) for (const project of projectsFor(file)) asked.add(project);
  if (asked.has("integration") || asked.has("rootless")) asked.add("build");
  return allSteps(files).filter(({ name, kind }) => {
    return words.length === 0 || asked.has(name) || (asked.has("static") && kind === "check");
  });
}

function projectsFor(file: string): readonly VitestProject[] {
  if (/integration\/rootless|^rootless\//.test(file)) return ["rootless"];
  if (file.includes("integration")) return ["integration"];
  return file.includes("/") ? ["unit"] : VITEST_PROJECTS;
}
