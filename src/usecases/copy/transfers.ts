import { IMAGE } from "../../core/image-contract.ts";
import type { BoxPlace, BoxTransfers, Receive, Transfer } from "../../ports/box-transfers.ts";
import { findBox, usableContainer } from "../access.ts";
import type { Deps } from "../deps.ts";
import { throwUnlessRunning } from "../session.ts";
import { diskGuard } from "./disk-guard.ts";
import { boxFailure } from "./failure.ts";

/** Copies by the engine of this machine, with the boxes of who asks. */
export function engineTransfers(deps: Deps): BoxTransfers {
  return {
    send: (place) => begin(deps, place, [IMAGE.programs.send, "--", place.path]),
    receive: async (place, what) => {
      const transfer = await begin(deps, place, receiveArguments(place, what));
      return { ...transfer, onBytes: await diskGuard(deps) };
    },
  };
}

async function begin(deps: Deps, place: BoxPlace, argv: readonly string[]): Promise<Transfer> {
  const box = findBox(deps, place.name);
  const containerId = usableContainer(box);
  if (box.desired === "stopped") await throwUnlessRunning(deps, box.name, containerId);
  const used = () => {
    if (deps.ledger.boxById(box.id)) deps.ledger.update(box.id, { lastUsed: { at: deps.clock.now(), by: "cp" } });
  };
  used();
  const pipe = deps.engine.pipe(containerId, argv);
  const ended = pipe.ended.then(async (end) => {
    used();
    return end.exitCode === 0 ? undefined : await boxFailure(deps, { ...place, containerId }, end);
  });
  return {
    stdin: pipe.stdin,
    stdout: pipe.stdout,
    ended: ended.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
    onBytes: () => undefined,
    kill: () => {
      pipe.kill();
    },
  };
}

function receiveArguments(place: BoxPlace, { kind, mode, name, mark }: Receive): string[] {
  const bits = mode?.toString(8).padStart(4, "0");
  return [
    IMAGE.programs.receive,
    ...(kind === "directory" ? ["--tar"] : ["--file", "--end", mark]),
    ...(kind === "directory" || bits === undefined ? [] : ["--mode", bits]),
    ...(name === undefined ? [] : ["--name", name]),
    "--",
    place.path,
  ];
}
