import { randomUUID } from "node:crypto";
import { constants } from "node:os";
import { IMAGE } from "../../core/image-contract.ts";
import { iso } from "../../core/time.ts";
import type { ContainerEngine } from "../../ports/engine.ts";
import { sessionArguments } from "./arguments.ts";
import { attachPodman, pipePodman, type PodmanCommand, runPodman, unstarted, words } from "./run.ts";

/** Milliseconds that the box has to end a session. */
const END_LIMIT = 10_000;

/** Kills what carries an id in its environment, root's too; end-session ends what is dev's alone. */
const END_PROGRAM = `
for file in $(grep -lzxF "DEVBOX_SESSION=$1" /proc/[0-9]*/environ 2>/dev/null); do
  pid=\${file#/proc/}
  kill -s KILL "\${pid%/environ}" 2>/dev/null
done`;

/** Most characters that a program of the image may answer; the longest honest answers have some thousands. */
const PROGRAM_OUTPUT = 4 * 1024 * 1024;

/** Milliseconds that a program has to end after its streams were closed. */
const KILL_AFTER = 5000;

type SessionCalls = Pick<ContainerEngine, "session" | "endSession" | "pipe" | "runProgram" | "logs">;

/** Podman calls that carry a person's or a program's streams. */
export function sessionCalls(command: PodmanCommand): SessionCalls {
  return {
    async session(session) {
      const result = await attachPodman(command, sessionArguments(session));
      if (result.exitCode !== undefined) return { exitCode: result.exitCode, signal: undefined };
      if (result.signal === undefined) throw unstarted(command, result.code);
      return { exitCode: 128 + constants.signals[result.signal], signal: result.signal };
    },

    async endSession(containerId, sessionId, signal) {
      const args = ["exec", containerId, IMAGE.programs.endSession, sessionId, signal];
      // The box may have stopped, the session may have ended: either way nothing is left to end.
      await runPodman(command, args, { allow: () => true, timeout: END_LIMIT });
    },

    pipe(containerId, argv) {
      const child = pipePodman(command, ["exec", "--interactive", "--user", IMAGE.user.name, containerId, ...argv]);
      return {
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        ended: child.then((result) => ({
          exitCode: result.exitCode ?? 1,
          stderr: words(result.stderr || (result.failed ? (result.shortMessage ?? "") : "")),
        })),
        kill: () => {
          // Without its streams the program ends by itself, and so does its client. A client that is killed before
          // that takes the program along at times, which then cannot clean up.
          child.stdin.destroy();
          child.stdout.destroy();
          setTimeout(() => child.kill("SIGKILL"), KILL_AFTER).unref();
        },
      };
    },

    async runProgram(containerId, { argv, user, input, timeout, token }) {
      const id = randomUUID().replaceAll("-", "");
      const how = [...(input === undefined ? [] : ["--interactive"]), "--user", user, "--env", `DEVBOX_SESSION=${id}`];
      try {
        const result = await runPodman(command, ["exec", ...how, containerId, ...argv], {
          allow: () => true,
          most: PROGRAM_OUTPUT,
          ...(input === undefined ? {} : { input }),
          ...(timeout === undefined ? {} : { timeout }),
          ...(token === undefined ? {} : { token }),
        });
        return { ...result, stderr: words(result.stderr) };
      } catch (error) {
        // Without its client it would run on in the box, and the engine's monitor would go on reading what it prints.
        const end = ["exec", containerId, "sh", "-c", END_PROGRAM, "sh", id];
        await runPodman(command, end, { allow: () => true, timeout: END_LIMIT }).catch(() => undefined);
        throw error;
      }
    },

    async logs(containerId, request) {
      const result = await attachPodman(command, [
        "logs",
        ...(request.follow ? ["--follow"] : []),
        ...(request.tail === undefined ? [] : ["--tail", String(request.tail)]),
        ...(request.since === undefined ? [] : ["--since", iso(request.since)]),
        containerId,
      ]);
      if (result.exitCode === undefined && result.signal === undefined) throw unstarted(command, result.code);
      return result.exitCode ?? 0;
    },
  };
}
