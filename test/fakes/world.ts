import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createArchiveStore } from "../../src/adapters/archive/store.ts";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import type { ProcessIdentity } from "../../src/core/operation.ts";
import { GIB } from "../../src/core/size.ts";
import { DAY, HOUR, type Millis } from "../../src/core/time.ts";
import type { Channel } from "../../src/ports/notifier.ts";
import type { Ledger } from "../../src/ports/ledger.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { settleClock } from "../../src/usecases/lifecycle/clock.ts";
import { FakeEngine } from "./engine.ts";
import { FakeSecrets, FakeTailnet } from "./tailnet.ts";

/** Bytes of content after which an archive can be gone on with: few, so that small homes have several such places. */
const FRAME = 20_000;

/** Ids are unlike each other in all worlds, as random ones are on all hosts. */
let ids = 0;

/** A host in memory, with a real ledger in a directory of its own; several processes can be played on it. */
export class World implements Disposable {
  readonly engine: FakeEngine;
  readonly secrets = new FakeSecrets();
  /** Asked only when the configuration names a tailnet. */
  readonly tailnet = new FakeTailnet();
  /** Ways to tell people besides in the box and at their next command. */
  channels: readonly Channel[] = [];
  readonly dead = new Set<number>();
  readonly remarks: string[] = [];
  now = Date.UTC(2026, 0, 31, 9);
  /** When it was booted, and which boot that was. A clock that is set moves both `now` and this. */
  bootedAt = this.now - HOUR;
  bootId = "boot";
  memory = 64 * GIB;
  disk = 500 * GIB;
  cores = 8;
  config: Config = DEFAULTS;
  readonly #dir = mkdtempSync(path.join(tmpdir(), "dbxtest-world-"));
  readonly #open = new Map<Ledger, number>();
  /** @param engine that of another world, whose ledger is lost in this one */
  constructor(engine = new FakeEngine()) {
    this.engine = engine;
  }

  /** The ports as one process of a user sees them. */
  process(user = "alice", pid = 1, interrupt = new AbortController().signal): Deps {
    const self: ProcessIdentity = { pid, startTicks: "1", bootId: this.bootId };
    const isAlive = ({ pid, bootId }: ProcessIdentity): boolean => bootId === this.bootId && !this.dead.has(pid);
    const real = openLedger({ stateDir: this.#dir, config: this.config, isAlive });
    const ledger: Ledger = {
      ...real,
      close: () => {
        if (this.#open.delete(ledger)) real.close();
      },
    };
    this.#open.set(ledger, pid);
    return {
      engine: this.engine,
      ledger,
      clock: { now: () => this.now, monotonic: () => this.now, sleep: () => Promise.resolve() },
      host: {
        name: () => "bench",
        cores: () => this.cores,
        free: () => ({ memory: this.memory, disk: this.disk }),
        uptime: () => this.now - this.bootedAt,
        self: () => self,
        isAlive,
        waitForOrphans: () => Promise.resolve(true),
        rootlessSetup: () => ({ subids: 16_777_216, runtimeDir: true, lingers: true }),
        newId: (length) => {
          ids += 1;
          return `a${String(ids).padStart(length - 1, "0")}`;
        },
      },
      config: this.config,
      secrets: () => Promise.resolve(this.secrets),
      tailnet: () => Promise.resolve(this.config.tailnet.provider === "none" ? undefined : this.tailnet),
      caller: { user, uid: 1000, admin: false, via: "local" as const },
      accounts: { isAdministrator: () => false },
      channels: () => Promise.resolve(this.channels),
      archives: () => Promise.resolve(createArchiveStore(path.join(this.#dir, "archives"), FRAME)),
      systemJournal: () => Promise.resolve(undefined),
      progress: {
        begin: () => undefined,
        done: () => undefined,
        failed: () => undefined,
        remark: (text) => this.remarks.push(text),
      },
      interrupt,
    };
  }

  /** Lets time pass with a reaper that runs all the while and finds nothing to do: time that nobody sees does not count. */
  pass(span: Millis): void {
    const deps = this.process();
    settleClock(deps);
    for (const end = this.now + span; this.now < end;) {
      this.now = Math.min(this.now + DAY, end);
      settleClock(deps);
    }
    deps.ledger.close();
  }

  /** Ends a process as SIGKILL does: whatever its code still tries, the ledger no longer hears it. */
  kill(pid: number): void {
    this.dead.add(pid);
    for (const [ledger, owner] of this.#open) {
      if (owner === pid) ledger.close();
    }
  }

  [Symbol.dispose](): void {
    for (const ledger of this.#open.keys()) ledger.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** What `create` is given when only the name matters. */
export function createInput(name: string) {
  const unset = {
    cpus: undefined,
    memory: undefined,
    image: undefined,
    volume: undefined,
    syncthing: false,
    readOnly: undefined,
  };
  return { name, ...unset, start: true, additional: true };
}

/** The error's code, or what came instead of an error. */
export async function codeOf(act: Promise<unknown>): Promise<unknown> {
  return act.then(
    (value) => ({ succeeded: value }),
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );
}
