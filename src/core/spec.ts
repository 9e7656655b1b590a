import * as z from "zod";
import { SPEC_VERSION, specText } from "./spec-text.ts";
import { DevboxError } from "./errors.ts";

/**
 * What a box was created from: everything needed to make its container again on its volumes.
 * Kept as JSON in the ledger and in the label `devbox-ctl.spec`; it holds no secret, ever.
 */
const specSchema = z.strictObject({
  version: z.literal(SPEC_VERSION),
  /** Image reference as given; never pulled. */
  image: z.string().min(1),
  /** CPU cores, fractions allowed. */
  cpus: z.number().positive(),
  /** Bytes of memory; swap is not added to it. */
  memory: z.int().positive(),
  /** Most processes and threads at once. */
  pids: z.int().positive(),
  /** Name of the volume mounted at /home/dev. */
  home: z.string().min(1),
  /** Name of the volume that `dev` cannot read. */
  private: z.string().min(1),
  /** Ids that the box's users have on the host; null for boxes made before each owner had a range. */
  idmap: z.strictObject({ first: z.int().positive(), size: z.int().positive() }).nullable(),
  /** Services of the image that are to run besides those that always do, such as `syncthing`. */
  services: z.array(z.string().regex(/^[a-z][a-z0-9-]{0,62}$/)).readonly(),
  /** Whether its root file system is read-only; home, workspace, /tmp and /run can be written as ever. */
  readOnly: z.boolean(),
});

export type BoxSpec = z.infer<typeof specSchema>;

/**
 * Reads a spec from somewhere others can write, such as a label.
 * @throws {DevboxError} LEDGER_NEWER when a newer devbox-ctl wrote it, LEDGER_CORRUPT when it is no spec.
 */
export function readSpec(json: string): BoxSpec {
  const result = specSchema.safeParse(specText(json));
  if (result.success) return result.data;
  throw new DevboxError("LEDGER_CORRUPT", "The creation spec of a box cannot be read.", {
    why: z.prettifyError(result.error),
    next: ["devbox-ctl doctor"],
  });
}
