import { IMAGE } from "../../core/image-contract.ts";
import { readServices } from "../../core/services.ts";
import { readBoxNode } from "../../core/tailnet.ts";
import { clipped, fewLines } from "../../core/text.ts";
import { activity, tells, unpushed } from "./life-probes.ts";
import { ends, type Probe, type ProbedBox, shell, told } from "./probe.ts";

const { programs, user } = IMAGE;

async function lists(box: ProbedBox, script: string, as: "root" | "dev", what: string): Promise<string | undefined> {
  const { stdout } = await box.run(shell(script, as));
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.length === 0 ? undefined : `${what}:\n${fewLines(lines.map((line) => clipped(line)))}`;
}

/** Where dev may write: home, and what is empty again at every start or belongs to nobody. */
const WRITABLE = ["/home/dev", "/tmp", "/var/tmp", "/run/user/1000", "/dev", "/proc", "/sys"];

const session: Probe = {
  promise: "session runs a command as dev in the workspace, with HOME and TERM set",
  broken: async (box) => {
    const script = 'printf "%s\\n" "$(id -u) $(id -g) $PWD $HOME $USER"';
    const result = await box.run({ argv: [programs.session, "--", "sh", "-c", script], user: "dev" });
    const wanted = `${String(user.uid)} ${String(user.gid)} ${user.workspace} ${user.home} ${user.name}`;
    if (result.exitCode !== 0) return told(result);
    return result.stdout.trim() === wanted ? undefined : `it says ${clipped(result.stdout.trim())}, not ${wanted}`;
  },
};

const sessionCodes: Probe = {
  promise: "session passes exit codes on, and says 127 for what is not there",
  broken: async (box) => {
    const own = await box.run({ argv: [programs.session, "--", "sh", "-c", "exit 37"], user: "dev" });
    const missing = await box.run({ argv: [programs.session, "--", "no-such-command-here"], user: "dev" });
    if (own.exitCode !== 37) return `a command that ends with 37: ${told(own)}`;
    return missing.exitCode === 127 ? undefined : `a command that is not there: ${told(missing)}`;
  },
};

const endSession: Probe = {
  promise: "end-session ends what was started in a session",
  broken: async (box) => {
    const id = "imagecheck";
    const start = `${programs.session} --id ${id} -- sleep 3600 >/dev/null 2>&1 &`;
    await box.run(shell(start, "dev"));
    const wrong = await ends(box, { argv: [programs.endSession, id, "KILL"], user: "dev" });
    return wrong ?? (await lists(box, "sleep 0.2; pgrep -f 'sleep 360[0]'", "root", "still running"));
  },
};

const copying: Probe = {
  promise: "receive and send carry a file into the home and back",
  broken: async (box) => {
    const content = "what was written is read again\n";
    const path = ".image-check";
    const wrong = await ends(box, { argv: [programs.receive, "--file", "--", path], user: "dev", input: content });
    if (wrong !== undefined) return wrong;
    const sent = await box.run({ argv: [programs.send, "--", path], user: "dev" });
    const [header = "", ...rest] = sent.stdout.split("\n");
    if (!header.startsWith('{"kind":"file"')) return `send: ${told(sent)}`;
    return rest.join("\n").trimEnd() === content.trimEnd() ? undefined : "send gave something else back";
  },
};

const confined: Probe = {
  promise: "receive and send stay in the home",
  broken: async (box) => {
    const { exitCode } = await box.run({ argv: [programs.send, "--", "/etc/passwd"], user: "dev" });
    return exitCode === 3 ? undefined : `send /etc/passwd ended with ${String(exitCode)}, not 3`;
  },
};

const services: Probe = {
  promise: "services list says how its services are",
  broken: async (box) => {
    const result = await box.run({ argv: [programs.services, "list"], user: "root" });
    if (result.exitCode !== 0) return told(result);
    return readServices(result.stdout) === undefined ? `it says ${clipped(result.stdout)}` : undefined;
  },
};

/** Exit codes of the program when there is nothing to say: no tailscale in the image, or it is not up yet. */
const NO_NODE = [3, 4];

const tailnet: Probe = {
  promise: "tailnet says how the box's node is, where the image has Tailscale",
  broken: async (box) => {
    const result = await box.run({ argv: [programs.tailnet, "status"], user: "root" });
    if (NO_NODE.includes(result.exitCode)) return undefined;
    if (result.exitCode !== 0) return told(result);
    try {
      readBoxNode(result.stdout);
      return undefined;
    } catch {
      return `it says ${clipped(result.stdout)}`;
    }
  },
};

const connects: Probe = {
  promise: "connect says when nothing listens",
  broken: async (box) => {
    const { exitCode } = await box.run({ argv: [programs.connect, "1"], user: "dev" });
    return exitCode === 4 ? undefined : `connect 1 ended with ${String(exitCode)}, not 4`;
  },
};

/** A key as ssh-stdio takes it, whose other half is nowhere: all zeros. */
const NOBODY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)}`;

const ssh: Probe = {
  promise: "ssh-stdio speaks SSH as dev",
  broken: async (box) => {
    const result = await box.run({ argv: [programs.sshStdio, "--key", NOBODY], user: "dev", input: "" });
    return result.exitCode === 0 && result.stdout.startsWith("SSH-2.0-") ? undefined : told(result);
  },
};

const secrets: Probe = {
  promise: "dev cannot read the private volume nor /run/devbox",
  broken: (box) =>
    lists(
      box,
      `for d in ${IMAGE.volumes.private} /run/devbox; do ls "$d" >/dev/null 2>&1 && echo "$d"; done`,
      "dev",
      "readable",
    ),
};

const setuid: Probe = {
  promise: "no file gives its caller another user's rights",
  broken: (box) => lists(box, "find / -xdev -type f -perm /6000 2>/dev/null", "root", "setuid or setgid"),
};

const writable: Probe = {
  promise: "dev writes only in the home and where it is empty at every start",
  broken: (box) => {
    const pruned = WRITABLE.map((path) => `-path ${path}`).join(" -o ");
    const script = `find / -xdev \\( ${pruned} \\) -prune -o ! -type l -writable -print 2>/dev/null`;
    return lists(box, script, "dev", "writable by dev");
  },
};

const noSudo: Probe = {
  promise: "dev has no sudo",
  broken: (box) => lists(box, "command -v sudo doas su-exec gosu", "dev", "there is"),
};

/** In the order in which a person reads them. */
export const PROBES: readonly Probe[] = [
  ...[
    session,
    sessionCodes,
    endSession,
    copying,
    confined,
    services,
    activity,
    unpushed,
    tells,
    tailnet,
    connects,
    ssh,
  ],
  ...[secrets, setuid, writable, noSudo],
];
