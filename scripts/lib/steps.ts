import { execFileSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";

/** One part of the test run: a command whose exit code counts as one check, or a Vitest project that counts its tests. */
export interface Step {
  readonly name: string;
  readonly kind: "check" | "build" | "tests";
  readonly argv: readonly string[];
  /** What a person is told while it runs. */
  readonly doing: string;
  /** Tests on real parts: the lane in which they run one after the other, beside the other lane. */
  readonly lane?: Lane;
  /** Why only root can run it. */
  readonly root?: string;
}

/**
 * Tests on real parts wait for Podman more than they compute, so that two lanes share two cores well. The integration
 * tests alone take as long as all others.
 */
export const LANES = ["integration", "others"] as const;
type Lane = (typeof LANES)[number];

const REAL_PROJECTS = ["integration", "tailnet", "rootless", "system"] as const;
const VITEST_PROJECTS = ["unit", ...REAL_PROJECTS] as const;
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

function vitest(project: VitestProject, files: readonly string[], step: Omit<Step, "name" | "kind" | "argv">): Step {
  return { name: project, kind: "tests", argv: ["vitest", "run", "--project", project, ...files], ...step };
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
    vitest("unit", files, { doing: "unit tests" }),
    vitest("integration", files, { doing: "integration tests on real Podman (minutes)", lane: "integration" }),
    vitest("tailnet", files, { doing: "integration tests of tailnet and secrets (minutes)", lane: "others" }),
    vitest("rootless", files, {
      doing: "integration tests on rootless Podman (minutes)",
      lane: "others",
      root: "its test user is made by root",
    }),
    vitest("system", files, {
      doing: "system tests on whole hosts (minutes)",
      lane: "others",
      root: "its hosts are privileged containers",
    }),
  ];
}

/** The steps that the words of `npm test -- …` ask for: names of steps, `static` for all checks, or parts of test paths. */
export function chosenSteps(words: readonly string[]): Step[] {
  const names = new Set(allSteps([]).map(({ name }) => name));
  const isStepWord = (word: string): boolean => names.has(word) || word === "static";
  const files = words.filter((word) => !isStepWord(word));
  const asked = new Set(words.filter(isStepWord));
  for (const file of files) for (const project of projectsFor(file)) asked.add(project);
  if (REAL_PROJECTS.some((project) => asked.has(project))) asked.add("build");
  return allSteps(files).filter(({ name, kind }) => {
    return words.length === 0 || asked.has(name) || (asked.has("static") && kind === "check");
  });
}

function projectsFor(file: string): readonly VitestProject[] {
  if (/integration\/rootless|^rootless\//.test(file)) return ["rootless"];
  if (file.includes("integration")) return ["integration", "tailnet"];
  if (/^(test\/)?system\//.test(file)) return ["system"];
  return file.includes("/") ? ["unit"] : VITEST_PROJECTS;
}
