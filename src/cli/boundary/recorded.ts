import type { Caller } from "../../core/caller.ts";
import type { Config } from "../../core/config/config.ts";
import { DevboxError } from "../../core/errors.ts";
import { commandOf } from "../../core/gate/commands.ts";
import { BoundaryRefusal } from "../../core/gate/refusal.ts";
import { splitCommand } from "../../core/gate/split-command.ts";
import type { Way } from "../../core/gate/who.ts";
import { beginAudit } from "../../usecases/audit/record.ts";
import { auditDeps } from "../compose.ts";

/**
 * Writes down that someone was refused before there was a command, and what for. Of their words the command alone is
 * kept, if they name one. It never fails: what was refused stays refused, whatever the ledger says.
 */
export async function recordRefusal(config: Config, caller: Caller, way: Way, error: unknown): Promise<void> {
  if (!(error instanceof DevboxError)) return;
  try {
    const deps = await auditDeps(config, caller);
    try {
      const command = commandIn(way) ?? "gate";
      const what = error instanceof BoundaryRefusal ? error.what : undefined;
      const open = beginAudit(deps, { command, box: undefined, makesBox: false, what });
      await open.end({ exitCode: error.exitCode, error: error.code });
    } finally {
      deps.ledger.close();
    }
  } catch {
    // It is told to the one who asked in any case.
  }
}

function commandIn(way: Way): string | undefined {
  try {
    const words = way.via === "key" ? splitCommand(way.line) : way.words;
    return commandOf(words)?.join(" ").replaceAll(":", " ");
  } catch {
    return undefined;
  }
}
