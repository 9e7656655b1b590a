import * as z from "zod";
import { archiveListSchema, archiveRemoveSchema, archiveVerifySchema } from "./archives.ts";
import { auditSchema } from "./audit.ts";
import {
  changeSchema,
  createSchema,
  destroySchema,
  listSchema,
  rebuildSchema,
  restoreSchema,
  serviceSchema,
  statusSchema,
} from "./box.ts";
import { configShowSchema } from "./config.ts";
import { tailnetDevDownSchema, tailnetDevStatusSchema, tailnetDevUpSchema } from "./dev-tailnet.ts";
import {
  completionSchema,
  configCheckSchema,
  doctorSchema,
  errorSchema,
  exitCodesSchema,
  helpSchema,
  hostSetupSchema,
  imageCheckSchema,
  sshConfigSchema,
} from "./program.ts";
import { handOverSchema, metricsSchema, notifyTestSchema, reapSchema, resumeSchema } from "./host-wide.ts";
import { holdSchema, policySchema, releaseSchema, scheduleSchema, whySchema } from "./lifecycle.ts";
import {
  syncthingDisableSchema,
  syncthingEnableSchema,
  syncthingPairSchema,
  syncthingPasswordSchema,
  syncthingStatusSchema,
  syncthingUnpairSchema,
} from "./syncthing.ts";
import { rotateKeySchema, tailnetCleanupSchema, tailnetStatusSchema } from "./tailnet.ts";
import {
  copySchema,
  imageBuildSchema,
  imageListSchema,
  imageLoadSchema,
  imagePrepareSchema,
  imagePruneSchema,
  portForwardSchema,
  volumeListSchema,
  volumeRemoveSchema,
} from "./things.ts";
import { userAddKeySchema, userListSchema, userRemoveKeySchema, userRemoveSchema, userShowSchema } from "./users.ts";

/**
 * The results of `--json`, by the name of their file in docs/json. For the documentation and the tests alone:
 * no command imports them, so that none loads zod for them.
 */
export const JSON_SCHEMAS = {
  create: createSchema,
  change: changeSchema,
  rebuild: rebuildSchema,
  service: serviceSchema,
  destroy: destroySchema,
  restore: restoreSchema,
  "archive-list": archiveListSchema,
  "archive-remove": archiveRemoveSchema,
  "archive-verify": archiveVerifySchema,
  status: statusSchema,
  list: listSchema,
  copy: copySchema,
  "port-forward": portForwardSchema,
  "volume-list": volumeListSchema,
  "volume-remove": volumeRemoveSchema,
  "image-build": imageBuildSchema,
  "image-load": imageLoadSchema,
  "image-check": imageCheckSchema,
  "image-list": imageListSchema,
  "image-prune": imagePruneSchema,
  "image-prepare": imagePrepareSchema,
  resume: resumeSchema,
  reap: reapSchema,
  "notify-test": notifyTestSchema,
  "hand-over": handOverSchema,
  metrics: metricsSchema,
  why: whySchema,
  hold: holdSchema,
  release: releaseSchema,
  schedule: scheduleSchema,
  policy: policySchema,
  "syncthing-enable": syncthingEnableSchema,
  "syncthing-disable": syncthingDisableSchema,
  "syncthing-status": syncthingStatusSchema,
  "syncthing-pair": syncthingPairSchema,
  "syncthing-unpair": syncthingUnpairSchema,
  "syncthing-password": syncthingPasswordSchema,
  "tailnet-dev-up": tailnetDevUpSchema,
  "tailnet-dev-down": tailnetDevDownSchema,
  "tailnet-dev-status": tailnetDevStatusSchema,
  "rotate-key": rotateKeySchema,
  "tailnet-status": tailnetStatusSchema,
  "tailnet-cleanup": tailnetCleanupSchema,
  "config-check": configCheckSchema,
  "config-show": configShowSchema,
  doctor: doctorSchema,
  audit: auditSchema,
  "host-setup": hostSetupSchema,
  "user-list": userListSchema,
  "user-show": userShowSchema,
  "user-add-key": userAddKeySchema,
  "user-remove-key": userRemoveKeySchema,
  "user-remove": userRemoveSchema,
  completion: completionSchema,
  "ssh-config": sshConfigSchema,
  help: helpSchema,
  "exit-codes": exitCodesSchema,
  error: errorSchema,
} as const;

export type JsonSchemaName = keyof typeof JSON_SCHEMAS;

/**
 * A schema as it is published. It lets properties through that it does not name, because later versions may add
 * some; that this version has no others is what the tests hold against the strict schema.
 */
export function publishedSchema(name: JsonSchemaName): Record<string, unknown> {
  const schema = z.toJSONSchema(JSON_SCHEMAS[name], {
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      // The format says it; the pattern that zod adds is a screen long.
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
      // The bounds of an exact integer in JavaScript say nothing about the value.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  const { $schema, description, ...rest } = schema;
  return { $schema, title: description, ...rest };
}
