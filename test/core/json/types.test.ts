import { expectTypeOf, it } from "vitest";
import type * as z from "zod";
import type { archivesJson, verifiedJson } from "../../../src/cli/present/archives.ts";
import type { auditJson } from "../../../src/cli/present/audit.ts";
import type { changeJson } from "../../../src/cli/present/change.ts";
import type { copyJson } from "../../../src/cli/present/copy.ts";
import type { createJson } from "../../../src/cli/present/create.ts";
import type { destroyJson } from "../../../src/cli/present/destroy.ts";
import type { doctorJson } from "../../../src/cli/present/doctor.ts";
import type { exitCodesJson } from "../../../src/cli/present/exit-codes.ts";
import type { forwardsJson } from "../../../src/cli/present/forward.ts";
import type { hostSetupJson } from "../../../src/cli/present/host.ts";
import type { notifyTestJson } from "../../../src/cli/present/notify.ts";
import type { handedJson } from "../../../src/cli/present/hand-over.ts";
import type { heldJson, releasedJson } from "../../../src/cli/present/hold.ts";
import type { policyJson } from "../../../src/cli/present/policy.ts";
import type { scheduleJson } from "../../../src/cli/present/schedule.ts";
import type { whyJson } from "../../../src/cli/present/why.ts";
import type { imagesJson, prunedJson } from "../../../src/cli/present/images.ts";
import type { metricsJson } from "../../../src/cli/present/metrics.ts";
import type { listJson } from "../../../src/cli/present/list.ts";
import type { imageCheckJson } from "../../../src/cli/present/image-check.ts";
import type { restoreJson } from "../../../src/cli/present/restore.ts";
import type { reapedJson } from "../../../src/cli/present/reap.ts";
import type { resumedJson } from "../../../src/cli/present/resume.ts";
import type { rebuildJson } from "../../../src/cli/present/rebuild.ts";
import type { switchJson } from "../../../src/cli/present/service.ts";
import type { statusJson } from "../../../src/cli/present/status.ts";
import type { devStatusJson, devUpJson } from "../../../src/cli/present/dev-tailnet.ts";
import type { sshConfigJson } from "../../../src/cli/present/ssh-config.ts";
import type { enabledJson, pairedJson, syncthingJson } from "../../../src/cli/present/syncthing.ts";
import type { cleanupJson, overviewJson, rotationsJson } from "../../../src/cli/present/tailnet.ts";
import type {
  addedKeysJson,
  removedKeyJson,
  removedUserJson,
  userJson,
  usersJson,
} from "../../../src/cli/present/users.ts";
import type { volumesJson } from "../../../src/cli/present/volumes.ts";
import type { RenderedError } from "../../../src/cli/render-error.ts";
import type ArchiveRemove from "../../../src/commands/archive/remove.ts";
import type Completion from "../../../src/commands/completion.ts";
import type ConfigCheck from "../../../src/commands/config/check.ts";
import type ConfigShow from "../../../src/commands/config/show.ts";
import type ImageBuild from "../../../src/commands/image/build.ts";
import type ImagePrepare from "../../../src/commands/image/prepare.ts";
import type ImageLoad from "../../../src/commands/image/load.ts";
import type SyncthingDisable from "../../../src/commands/syncthing/disable.ts";
import type SyncthingPassword from "../../../src/commands/syncthing/password.ts";
import type SyncthingUnpair from "../../../src/commands/syncthing/unpair.ts";
import type TailnetDevDown from "../../../src/commands/tailnet/dev/down.ts";
import type VolumeRemove from "../../../src/commands/volume/remove.ts";
import type { JSON_SCHEMAS, JsonSchemaName } from "../../../src/core/json/index.ts";

// The schemas are apart from the code that makes the results, so that no command loads them.
// These lines make the compiler compare the two (npm test -- types).

/** A result as JSON has it: nothing is readonly there. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Plain<T[Key]> }
    : T;

type Result<Name extends JsonSchemaName> = z.infer<(typeof JSON_SCHEMAS)[Name]>;
type Shown<Present extends (...args: never[]) => unknown> = Plain<ReturnType<Present>>;
type Returned<Command extends { run(): Promise<unknown> }> = Plain<Awaited<ReturnType<Command["run"]>>>;

it("is said by each schema what its command returns [X-12]", () => {
  expectTypeOf<Shown<typeof createJson>>().toEqualTypeOf<Result<"create">>();
  expectTypeOf<Shown<typeof changeJson>>().toEqualTypeOf<Result<"change">>();
  expectTypeOf<Shown<typeof switchJson>>().toEqualTypeOf<Result<"service">>();
  expectTypeOf<Shown<typeof rebuildJson>>().toEqualTypeOf<Result<"rebuild">>();
  expectTypeOf<Shown<typeof destroyJson>>().toEqualTypeOf<Result<"destroy">>();
  expectTypeOf<Shown<typeof restoreJson>>().toEqualTypeOf<Result<"restore">>();
  expectTypeOf<Shown<typeof archivesJson>>().toEqualTypeOf<Result<"archive-list">>();
  expectTypeOf<Returned<ArchiveRemove>>().toEqualTypeOf<Result<"archive-remove">>();
  expectTypeOf<Shown<typeof verifiedJson>>().toEqualTypeOf<Result<"archive-verify">>();
  expectTypeOf<Shown<typeof statusJson>>().toEqualTypeOf<Result<"status">>();
  expectTypeOf<Shown<typeof listJson>>().toEqualTypeOf<Result<"list">>();
  expectTypeOf<Shown<typeof copyJson>>().toEqualTypeOf<Result<"copy">>();
  expectTypeOf<Shown<typeof forwardsJson>>().toEqualTypeOf<Result<"port-forward">>();
  expectTypeOf<Shown<typeof sshConfigJson>>().toEqualTypeOf<Result<"ssh-config">>();
  expectTypeOf<Shown<typeof volumesJson>>().toEqualTypeOf<Result<"volume-list">>();
  expectTypeOf<Returned<VolumeRemove>>().toEqualTypeOf<Result<"volume-remove">>();
  expectTypeOf<Returned<ImageBuild>>().toEqualTypeOf<Result<"image-build">>();
  expectTypeOf<Shown<typeof imageCheckJson>>().toEqualTypeOf<Result<"image-check">>();
  expectTypeOf<Returned<ImageLoad>>().toEqualTypeOf<Result<"image-load">>();
  expectTypeOf<Shown<typeof prunedJson>>().toEqualTypeOf<Result<"image-prune">>();
  expectTypeOf<Returned<ImagePrepare>>().toEqualTypeOf<Result<"image-prepare">>();
  expectTypeOf<Shown<typeof resumedJson>>().toEqualTypeOf<Result<"resume">>();
  expectTypeOf<Shown<typeof reapedJson>>().toEqualTypeOf<Result<"reap">>();
  expectTypeOf<Shown<typeof metricsJson>>().toEqualTypeOf<Result<"metrics">>();
  expectTypeOf<Shown<typeof notifyTestJson>>().toEqualTypeOf<Result<"notify-test">>();
  expectTypeOf<Shown<typeof handedJson>>().toEqualTypeOf<Result<"hand-over">>();
  expectTypeOf<Shown<typeof whyJson>>().toEqualTypeOf<Result<"why">>();
  expectTypeOf<Shown<typeof heldJson>>().toEqualTypeOf<Result<"hold">>();
  expectTypeOf<Shown<typeof releasedJson>>().toEqualTypeOf<Result<"release">>();
  expectTypeOf<Shown<typeof scheduleJson>>().toEqualTypeOf<Result<"schedule">>();
  expectTypeOf<Shown<typeof policyJson>>().toEqualTypeOf<Result<"policy">>();
  expectTypeOf<Shown<typeof imagesJson>>().toEqualTypeOf<Result<"image-list">>();
  expectTypeOf<Shown<typeof enabledJson>>().toEqualTypeOf<Result<"syncthing-enable">>();
  expectTypeOf<Returned<SyncthingDisable>>().toEqualTypeOf<Result<"syncthing-disable">>();
  expectTypeOf<Shown<typeof syncthingJson>>().toEqualTypeOf<Result<"syncthing-status">>();
  expectTypeOf<Shown<typeof pairedJson>>().toEqualTypeOf<Result<"syncthing-pair">>();
  expectTypeOf<Returned<SyncthingUnpair>>().toEqualTypeOf<Result<"syncthing-unpair">>();
  expectTypeOf<Returned<SyncthingPassword>>().toEqualTypeOf<Result<"syncthing-password">>();
  expectTypeOf<Shown<typeof devUpJson>>().toEqualTypeOf<Result<"tailnet-dev-up">>();
  expectTypeOf<Returned<TailnetDevDown>>().toEqualTypeOf<Result<"tailnet-dev-down">>();
  expectTypeOf<Shown<typeof devStatusJson>>().toEqualTypeOf<Result<"tailnet-dev-status">>();
  expectTypeOf<Shown<typeof rotationsJson>>().toEqualTypeOf<Result<"rotate-key">>();
  expectTypeOf<Shown<typeof overviewJson>>().toEqualTypeOf<Result<"tailnet-status">>();
  expectTypeOf<Shown<typeof cleanupJson>>().toEqualTypeOf<Result<"tailnet-cleanup">>();
  expectTypeOf<Returned<ConfigCheck>>().toEqualTypeOf<Result<"config-check">>();
  expectTypeOf<Returned<ConfigShow>>().toEqualTypeOf<Result<"config-show">>();
  expectTypeOf<Shown<typeof doctorJson>>().toEqualTypeOf<Result<"doctor">>();
  expectTypeOf<Shown<typeof auditJson>>().toEqualTypeOf<Result<"audit">>();
  expectTypeOf<Shown<typeof hostSetupJson>>().toEqualTypeOf<Result<"host-setup">>();
  expectTypeOf<Shown<typeof usersJson>>().toEqualTypeOf<Result<"user-list">>();
  expectTypeOf<Shown<typeof userJson>>().toEqualTypeOf<Result<"user-show">>();
  expectTypeOf<Shown<typeof addedKeysJson>>().toEqualTypeOf<Result<"user-add-key">>();
  expectTypeOf<Shown<typeof removedKeyJson>>().toEqualTypeOf<Result<"user-remove-key">>();
  expectTypeOf<Shown<typeof removedUserJson>>().toEqualTypeOf<Result<"user-remove">>();
  expectTypeOf<Returned<Completion>>().toEqualTypeOf<Result<"completion">>();
  expectTypeOf<Shown<typeof exitCodesJson>>().toEqualTypeOf<Result<"exit-codes">>();
  expectTypeOf<Plain<RenderedError["json"]>>().toEqualTypeOf<Result<"error">>();
});
