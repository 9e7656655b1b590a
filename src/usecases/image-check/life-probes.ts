import { parseActivity } from "../../core/activity.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { unpushedLines } from "../../core/lifecycle/unpushed.ts";
import { clipped } from "../../core/text.ts";
import { ends, type Probe, shell, told } from "./probe.ts";

// What the reaper asks of an image.

const { programs } = IMAGE;

export const activity: Probe = {
  promise: "activity says what is going on",
  broken: async (box) => {
    const result = await box.run({ argv: [programs.activity], user: "root" });
    if (result.exitCode !== 0) return told(result);
    return parseActivity(result.stdout) === undefined ? `it says ${clipped(result.stdout)}` : undefined;
  },
};

export const tells: Probe = {
  promise: "tell shows a text to whoever is there, and at logins until it is taken back",
  broken: async (box) => {
    const result = await box.run({ argv: [programs.tell, "--id", "imagecheck"], user: "root", input: "image check\n" });
    if (result.exitCode !== 0) return told(result);
    if (!/^told=\d+ terminals=\d+ shown=0$/m.test(result.stdout)) return `it says ${clipped(result.stdout)}`;
    // A login shell on a terminal, where the image has the program that makes one.
    const login = `command -v script >/dev/null || exec echo image check; script -qec 'bash -lic true' /dev/null </dev/null`;
    const seen = await box.run(shell(login, "dev"));
    if (!seen.stdout.includes("image check")) return "a login did not show it";
    return ends(box, { argv: [programs.tell, "--clear"], user: "root" });
  },
};

export const unpushed: Probe = {
  promise: "unpushed says which work is nowhere else, and runs nothing that a repository names",
  broken: async (box) => {
    const made = await ends(box, shell(TRAP, "dev"));
    if (made !== undefined) return made;
    const result = await box.run({ argv: [programs.unpushed], user: "root" });
    if (result.exitCode !== 0) return told(result);
    const lines = unpushedLines(result.stdout) ?? [];
    const isNamed = lines.some((line) => line.startsWith(".image-check-work/: 1 commit"));
    if (!isNamed) return `a commit of a repository without a remote is not in what it says: ${clipped(result.stdout)}`;
    const ran = await box.run(shell("test ! -e /tmp/.image-check-ran", "dev"));
    return ran.exitCode === 0 ? undefined : "a program that the repository's settings name was run";
  },
};

/** A repository with a commit, whose settings name programs that git would run to look at it. */
const TRAP = `set -e
mkdir -p ~/workspace/.image-check-work && cd ~/workspace/.image-check-work
export GIT_CONFIG_GLOBAL=/dev/null
git init -q . && echo one >file && echo '* filter=trap' >.gitattributes && git add . 2>/dev/null
git -c user.name=a -c user.email=a@localhost commit -q -m one
for key in core.fsmonitor filter.trap.clean filter.trap.process; do
  git config "$key" 'touch /tmp/.image-check-ran; cat'
done
git config filter.trap.required true && touch -d '1 hour' file`;
