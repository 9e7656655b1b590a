import { afterAll, beforeAll, expect, it } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { unpushedLines } from "../../src/core/lifecycle/unpushed.ts";
import { probedBox, USER_NAMESPACE, type ProbedBox } from "../support/activity.ts";
import { testImage } from "../support/image.ts";
import { removeTestObjects } from "../support/podman.ts";

// The program that finds work which is nowhere else, in workspaces that were made to mislead it.

const PROGRAM = manifest.programs.unpushed;
let box: ProbedBox;

const sh = async (script: string): Promise<string> => {
  const git = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@x";
  const ran = await box.asDev("sh", "-ec", `${git}\n${script}`);
  expect(ran.exitCode, ran.stderr).toBe(0);
  return ran.stdout;
};
const lines = async (as: "asRoot" | "asDev" = "asRoot"): Promise<readonly string[]> => {
  const { stdout, stderr, exitCode } = await box[as](PROGRAM);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const found = unpushedLines(stdout);
  if (found === undefined) throw new Error(`no answer: ${stdout}`);
  return found;
};
const empty = () => sh("rm -rf ~/workspace/* ~/workspace/.[!.]* /tmp/[a-z]*");

beforeAll(async () => {
  box = await probedBox(await testImage(), ...USER_NAMESPACE);
});
afterAll(() => removeTestObjects());

it("names commits, stashes and changes, of each repository once [X-04]", async () => {
  await sh(`git init -q --bare -b main /tmp/up.git && git clone -q /tmp/up.git site 2>/dev/null && cd site
git checkout -qb main && echo 1 >a && git add a && git commit -qm one && git push -q origin main
git checkout -qb redesign && for i in 1 2 3; do echo $i >>a; git commit -qam $i; done
echo 5 >>a && git stash -q && echo 6 >>a && echo 7 >new
git worktree add -q --detach ../tree && cd ../tree && git commit -q --allow-empty -m apart
cd .. && git clone -q /tmp/up.git clean && mkdir -p deep/er && git init -q deep/er/local
cd deep/er/local && git commit -q --allow-empty -m one`);
  const expected = [
    "deep/er/local/: 1 commit in no remote, as it has none (branch master)",
    "site/: 1 changed file not committed",
    "site/: 1 new file or folder not committed",
    "site/: 1 stash",
    "site/: 3 commits never pushed (branch redesign)",
    "tree/: 1 commit never pushed (no branch)",
  ];
  expect((await lines()).toSorted()).toEqual(expected);
  expect((await lines("asDev")).toSorted()).toEqual(expected);
  expect((await box.asRoot(PROGRAM, "x")).exitCode).toBe(2);
  await empty();
});

it("runs nothing that a repository's settings name, and writes nothing [X-04]", async () => {
  await sh(`mkdir trap && cd trap && git init -q . && echo 1 >f && echo '* filter=trap' >.gitattributes
git add . && git commit -qm one && touch -d '1 hour' f
for key in core.fsmonitor filter.trap.clean filter.trap.process gpg.program core.sshCommand core.alternateRefsCommand; do
  git config $key 'touch /tmp/ran; cat'
done
git config log.showSignature true && git config filter.trap.required true && git config core.hooksPath /tmp/hooks
git config remote.origin.url 'ext::touch /tmp/ran' && git config remote.origin.promisor true
mkdir /tmp/hooks && for hook in post-index-change pre-commit; do
  printf '#!/bin/sh\\ntouch /tmp/ran\\n' >/tmp/hooks/$hook; chmod +x /tmp/hooks/$hook
done
printf '[trace2]\\n\\tnormalTarget = /tmp/ran\\n' >~/.gitconfig`);
  const state = "find ~/workspace ~/.gitconfig -printf '%p %T@ %C@\\n' | sort; ls /tmp";
  const before = await sh(state);
  expect(await lines()).toEqual(["trap/: 1 commit never pushed (branch master)"]);
  expect(await sh(state)).toBe(before);
  // What it would have fallen for.
  await sh("cd trap && git status >/dev/null 2>&1 || :");
  expect(await sh("ls /tmp")).toContain("ran");
  await sh("rm ~/.gitconfig");
  await empty();
});

it("ends in time, says that it is not all, leaves nothing running, and is no session [X-04]", async () => {
  await sh(`git init -q a && git -C a commit -q --allow-empty -m one && mkdir -p z && git init -q z/stuck
rm z/stuck/.git/config && mkfifo z/stuck/.git/config`);
  const begun = Date.now();
  const answer = lines();
  const { sessions } = await box.until(({ cpu }) => expect(cpu).not.toBeNull());
  expect(sessions).toEqual([]);
  expect(await answer).toEqual([
    "a/: 1 commit in no remote, as it has none (branch master)",
    "… and what there was no time to look at",
  ]);
  expect(Date.now() - begun).toBeLessThan(8000);
  expect((await box.asRoot("pgrep", "-x", "git")).exitCode).toBe(1);
  await empty();
});

it("is bounded: many repositories, hostile names, what only looks like a repository [X-04]", async () => {
  await sh(`git init -q --template= seed && git -C seed commit -q --allow-empty -m one
for i in $(seq 110); do cp -r seed r$i; done; mkdir .git; ln -s / root; d=$(printf 'a\\033[2J\\ny') && mkdir "$d" && cp -r seed "$d/s"`);
  const found = await lines();
  expect(found.length).toBeLessThanOrEqual(40);
  expect(found.at(-1)).toBe("… and what there was no time to look at");
  for (const line of found) expect(line).toMatch(/^[\x20-\x7E…]+$/);
  await empty();
});
