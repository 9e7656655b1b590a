/**
 * One of several processes that all want boxes at once: composes the use case `create` with the real ledger and the
 * real Podman, for callers it is given. Says `ready`, waits for a line on standard input, then begins all creates in
 * the same instant, and prints what became of each as one line of JSON.
 * Usage (by limits.ts): node docs/bench/lib/rivals.ts JSON
 */
import { once } from "node:events";
import process from "node:process";
import { DevboxError } from "../../../src/core/errors.ts";
import { create } from "../../../src/usecases/create.ts";
import { realDeps, type Parts } from "./bed.ts";

/** What one process is told. */
export interface Orders extends Parts {
  readonly creates: readonly { readonly user: string; readonly name: string }[];
}

/** What became of one create. */
export interface Outcome {
  readonly user: string;
  /** 0 when the box was made. */
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
}

const UNSET = { cpus: undefined, memory: undefined, image: undefined, volume: undefined, readOnly: undefined };
const UNLIMITED = { ...UNSET, syncthing: false };

async function main(orders: Orders): Promise<void> {
  const deps = realDeps(orders);
  const attempt = async ({ user, name }: Orders["creates"][number]): Promise<Outcome> => {
    try {
      const caller = { user, uid: 0, admin: false, via: "local" as const };
      await create({ ...deps, caller }, { name, ...UNLIMITED, start: false, additional: true });
      return { user, exitCode: 0, code: "", message: "" };
    } catch (error) {
      if (!(error instanceof DevboxError)) throw error;
      return { user, exitCode: error.exitCode, code: error.code, message: error.message };
    }
  };
  process.stdout.write("ready\n");
  await once(process.stdin, "data");
  process.stdin.destroy();
  const outcomes = await Promise.all(orders.creates.map(attempt));
  deps.ledger.close();
  process.stdout.write(`${JSON.stringify(outcomes)}\n`);
}

const [, , orders] = process.argv;
if (import.meta.main && orders !== undefined) await main(JSON.parse(orders) as Orders);
