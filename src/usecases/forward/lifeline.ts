import { IMAGE } from "../../core/image-contract.ts";
import type { BoxPipe } from "../../ports/engine.ts";
import type { Deps } from "../deps.ts";

/**
 * Runs in the box as long as its input is open, which it is as long as the forwarding process lives, however that
 * ends. It is told of every connection that begins (+), is over (-) or is to be ended (!). When the input ends it ends
 * those that are left, twice, because one may be about to start.
 *
 * Without it they could stay for good: what carries a connection sees a client that is gone as one that has nothing
 * more to say, and the engine takes away what the box goes on to say.
 */
const SCRIPT = `
open=
while read -r line; do
  id=\${line#?} left=
  for other in $open; do [ "$other" = "$id" ] || left="$left $other"; done
  open=$left
  case $line in
    +*) open="$open $id" ;;
    !*) "$1" "$id" KILL >/dev/null ;;
  esac
done
[ -z "$open" ] || for pause in 1 0; do
  for id in $open; do "$1" "$id" KILL >/dev/null; done
  sleep $pause
done`;

/** The variable by which `end-session` finds the processes of a session. */
const MARK = "DEVBOX_SESSION";

/** A program in the box that can be ended from here for certain. */
interface LivePipe extends BoxPipe {
  /** To be called when it has ended, so that nobody looks for it any more. */
  over(): void;
}

export interface Lifeline {
  /** Has it ready in a container, so that the first connection need not wait for it. */
  reach(containerId: string): void;
  /** Starts a program as `engine.pipe` does; nothing of it outlives this process, nor its `kill`. */
  pipe(containerId: string, argv: readonly string[]): LivePipe;
  /** Ends it with all that hangs on it. */
  close(): Promise<void>;
}

interface Line {
  readonly containerId: string;
  readonly pipe: BoxPipe;
}

/** @param onLost called when the line into the box ends by itself, as it does when the box stops */
export function createLifeline(deps: Pick<Deps, "engine" | "host">, onLost: () => void): Lifeline {
  let line: Line | undefined;

  const lineTo = (containerId: string): BoxPipe => {
    if (line?.containerId === containerId) return line.pipe;
    line?.pipe.stdin.end();
    const argv = ["sh", "-c", SCRIPT, "devbox-lifeline", IMAGE.programs.endSession];
    const pipe = deps.engine.pipe(containerId, argv);
    // A box that stopped no longer listens; that is told by the end of the program.
    pipe.stdin.on("error", () => undefined);
    pipe.stdout.resume();
    const made = { containerId, pipe };
    line = made;
    void pipe.ended.then(() => {
      if (line !== made) return;
      line = undefined;
      onLost();
    });
    return pipe;
  };
  return {
    reach: (containerId) => void lineTo(containerId),
    pipe(containerId, argv) {
      const { stdin } = lineTo(containerId);
      const id = deps.host.newId(16);
      stdin.write(`+${id}\n`);
      const pipe = deps.engine.pipe(containerId, ["env", `${MARK}=${id}`, ...argv]);
      const kill = () => {
        stdin.write(`!${id}\n`);
        pipe.kill();
      };
      return { ...pipe, kill, over: () => void stdin.write(`-${id}\n`) };
    },
    async close() {
      const last = line?.pipe;
      line = undefined;
      last?.stdin.end();
      await last?.ended;
    },
  };
}
