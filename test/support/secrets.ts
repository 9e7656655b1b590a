import { randomBytes } from "node:crypto";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** The text of which no part may come out. */
export const CANARY = `canary${randomBytes(8).toString("hex")}`;

/** A service account token as 1Password gives it, with a server of ours in it; what is secret in it is made up. */
export function testToken(signInAddress: string): string {
  const hex = (bytes: number): string => randomBytes(bytes).toString("hex");
  const base64 = (bytes: number): string => randomBytes(bytes).toString("base64url");
  const kept = {
    signInAddress,
    userAuth: { method: "SRPg-4096", alg: "PBES2g-HS256", iterations: 650_000, salt: base64(16) },
    email: `${CANARY}@1passwordserviceaccounts.com`,
    srpX: hex(32),
    muk: { alg: "A256GCM", ext: true, k: base64(32), key_ops: ["decrypt", "encrypt"], kty: "oct", kid: "mp" },
    secretKey: "A3-ABCDEF-ABCDEF-ABCDE-ABCDE-ABCDE-ABCDE",
    throttleSecret: { seed: hex(32), uuid: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    deviceUuid: "abcdefghijklmnopqrstuvwxyz",
  };
  // Padding is not taken.
  return `ops_${Buffer.from(JSON.stringify(kept)).toString("base64url")}`;
}

export interface FakeOp extends AsyncDisposable {
  /** The command. */
  readonly op: string;
  /** Puts a field into one of its vaults. */
  put(vault: string, item: string, value: string, field?: string): Promise<void>;
  /** What is wrong with it from now on; see the script. */
  mood(mood: string): Promise<void>;
  /** What it wrote down: `argv`, `environment`, `core`, `reads`; empty when it was not run. */
  saw(what: "argv" | "environment" | "core" | "reads"): Promise<string>;
}

/** A copy of test/fixtures/op/op with a memory of its own. */
export async function fakeOp(): Promise<FakeOp> {
  const dir = await mkdtemp(path.join(tmpdir(), "dbxtest-op-"));
  await chmod(dir, 0o755);
  await cp(path.join(import.meta.dirname, "../fixtures/op/op"), path.join(dir, "op"));
  return {
    op: path.join(dir, "op"),
    put: async (vault, item, value, field = "password") => {
      await mkdir(path.join(dir, "vaults", vault, item), { recursive: true });
      await writeFile(path.join(dir, "vaults", vault, item, field), value);
    },
    mood: (mood) => writeFile(path.join(dir, "mood"), mood),
    saw: (what) => readFile(path.join(dir, what), "utf8").catch(() => ""),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
