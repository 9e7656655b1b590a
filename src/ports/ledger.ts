import type { AuditBegin, AuditEnd, AuditRecord } from "../core/audit.ts";
import type { BoxRecord, DesiredState, Phase } from "../core/box.ts";
import type { Caller } from "../core/caller.ts";
import type { DeviceRecord, JoinedNode, NewDevice } from "../core/device.ts";
import type { HostFree } from "../core/limits.ts";
import type {
  LeaseRecord,
  OperationInput,
  OperationKind,
  OperationRecord,
  ProcessIdentity,
} from "../core/operation.ts";
import type { DeviceIdentity } from "../core/tailnet.ts";
import type { Millis } from "../core/time.ts";
import type {
  ActivityRecords,
  ArchiveRecords,
  HoldRecords,
  NoticeRecords,
  PolicyRecords,
  ScheduleRecords,
  TimeRecords,
} from "./lifecycle-records.ts";

/** A box to be entered; the ledger fills in the rest. */
export type NewBox = Pick<BoxRecord, "id" | "name" | "owner" | "desired" | "spec" | "createdAt">;

/** What changes about a box. */
export interface BoxChange {
  readonly phase?: Phase;
  /** The box is somebody else's from now on, and its volumes with it. */
  readonly owner?: string;
  readonly desired?: DesiredState;
  readonly containerId?: string;
  readonly spec?: BoxRecord["spec"];
  readonly stoppedAt?: Millis | null;
  readonly lastUsed?: { readonly at: Millis; readonly by: string };
}

/** Who wants to hold a box, and for what; shown to whoever comes second. */
export interface LeaseRequest {
  readonly holder: ProcessIdentity;
  readonly command: string;
  readonly caller: Caller;
  readonly now: Millis;
}

/** What is needed to take a name and a slot, or the slot of a start. */
export interface SlotRequest {
  /** Called inside the transaction, so that what it reads is no older than the count. */
  readonly free: () => HostFree;
  /** Who is told when there is none; the owner themselves when left out. */
  readonly asker?: string;
}

export interface OperationStart {
  readonly id: string;
  readonly kind: OperationKind;
  readonly input: OperationInput;
  readonly now: Millis;
}

/** Which records of the audit log are wanted; all that is given has to hold. */
export interface AuditFilter {
  /** Only what this user may see without being an administrator. */
  readonly viewer: string | undefined;
  /** Only what this user did. */
  readonly user: string | undefined;
  /** Only what was about these boxes, or had a name that never was that of a box for the viewer. */
  readonly box: { readonly ids: readonly string[] } | { readonly name: string } | undefined;
  readonly since: Millis | undefined;
  /** The newest so many. */
  readonly limit: number;
}

/**
 * The registry of boxes, leases and unfinished operations: one file, every method one transaction.
 * Methods are synchronous on purpose: no other code of this process can run between a check and its act.
 * All throw {@link DevboxError} BUSY when other processes kept the file locked for too long.
 */
export interface Ledger
  extends HoldRecords, ScheduleRecords, PolicyRecords, ActivityRecords, TimeRecords, NoticeRecords, ArchiveRecords {
  boxes(): BoxRecord[];
  boxByName(name: string): BoxRecord | undefined;
  boxById(id: string): BoxRecord | undefined;

  /**
   * Takes name, slot, lease and the journal entry of a create in one immediate transaction.
   * @throws {DevboxError} NAME_TAKEN, LIMIT_PER_USER, LIMIT_GLOBAL, HOST_MEMORY, HOST_DISK
   */
  reserve(box: NewBox, operation: OperationStart, lease: LeaseRequest, slot: SlotRequest): void;
  /**
   * Begins an operation on a box whose lease is held. With `slot`, what a start takes is checked with it.
   * @throws {DevboxError} LIMIT_PER_USER, LIMIT_GLOBAL, HOST_MEMORY, HOST_DISK
   */
  begin(boxId: string, operation: OperationStart, change: BoxChange, slot?: SlotRequest): void;
  /** Records that a step is about to be done. */
  beginStep(operationId: string, step: string): void;
  /** Records that a step is done, and what is known of the box since. */
  endStep(operationId: string, step: string, boxId: string, change?: BoxChange): void;
  /** Changes what an open operation is to do; only what none of its steps has begun on. */
  amendOperation(operationId: string, input: OperationInput): void;
  /** Notes why the operation stopped; it stays open. */
  failOperation(operationId: string, error: string): void;
  /** Closes the operation and changes the box, or removes it with its lease and all. */
  finish(operationId: string, boxId: string, outcome: BoxChange | "remove"): void;
  operations(): OperationRecord[];
  operationOn(boxId: string): OperationRecord | undefined;

  /**
   * Takes the lease of a box, or takes it over from a process that is gone.
   * @throws {DevboxError} BUSY, saying who holds it; BOX_NOT_FOUND when the box is gone meanwhile.
   */
  takeLease(boxId: string, request: LeaseRequest): void;
  /** Gives the lease back if this process holds it. */
  releaseLease(boxId: string, holder: ProcessIdentity): void;
  leaseOn(boxId: string): LeaseRecord | undefined;
  leases(): LeaseRecord[];
  dropLease(boxId: string): void;

  update(boxId: string, change: BoxChange): void;
  /**
   * Enters a box that exists in the engine but not here; limits are not asked, it is there already.
   * One that is here by now is left as it is.
   * @throws {DevboxError} NAME_TAKEN by another box
   */
  adopt(box: NewBox & Pick<BoxRecord, "containerId" | "lastUsedAt"> & Partial<Pick<BoxRecord, "stoppedAt">>): void;
  remove(boxId: string): void;

  /** All slots of host ids that somebody has. */
  mappingSlots(): number[];
  /** The owner's slot of host ids, or undefined when they have none yet. */
  mappingSlot(owner: string): number | undefined;
  /**
   * Gives the owner the lowest slot that nobody has, or finds the one that they have.
   * @param taken slots that are in use although the ledger may not know it
   * @param most how many slots there are
   * @returns undefined when all are taken
   */
  takeMappingSlot(owner: string, taken: ReadonlySet<number>, most: number): number | undefined;
  /** Enters a slot that the owner is known to have; one that is entered already stays as it is. */
  keepMappingSlot(owner: string, slot: number): void;

  /** Who owns volumes that were handed over; of all others the labels say it. */
  volumeOwners(): ReadonlyMap<string, string>;
  /** Says whose a volume is from now on, whatever its labels say. */
  setVolumeOwner(volume: string, owner: string): void;
  /** A volume that is gone. */
  forgetVolume(volume: string): void;

  /** All devices of the tailnet that are known, also those of boxes that are gone. */
  devices(): DeviceRecord[];
  devicesOf(boxId: string): DeviceRecord[];
  /**
   * Notes that a login begins, before it does: a device may exist from now on. An earlier one of the box's of which
   * nobody recorded what it came to has to be proven to have left nothing.
   */
  beginJoin(device: NewDevice, now: Millis): void;
  /** Records what a login came to; whatever else was the box's until now has to leave. */
  recordDevice(device: NewDevice, node: JoinedNode, now: Millis): void;
  /** Records a device that was not to stay: that of a key that was tried, or one with the wrong tags. */
  addLeaving(device: NewDevice, identity: DeviceIdentity, now: Millis): void;
  /** All devices of a box have to leave, also those that nobody has recorded; or those of one host name alone. */
  leaveDevices(boxId: string, hostname?: string): void;
  /** Notes why a device could not be proven gone. */
  failDevice(id: number, problem: string, now: Millis): void;
  /** A device that is proven gone, or was never there. */
  dropDevice(id: number): void;

  /**
   * Writes down that a command begins. Records are never changed and only dropped by age and number (AUDIT_KEPT).
   * @returns the record's number
   */
  beginAudit(begin: AuditBegin): number;
  /** Writes down how it ended. */
  endAudit(id: number, end: AuditEnd): void;
  /** Records of the audit log, the oldest first. */
  audit(filter: AuditFilter): AuditRecord[];
  /** Records of commands that have not ended: those at work, and those that were killed. */
  openAudit(user: string): AuditRecord[];
  /**
   * The box that last had this name, or has this id, and whose it was.
   * @param viewer whose boxes alone are looked at; undefined for an administrator
   */
  auditedBox(word: string, viewer: string | undefined): { readonly id: string; readonly owner: string } | undefined;
  /** Ids of all boxes that had this name while they were this owner's. */
  auditedBoxes(name: string, owner: string): string[];

  /**
   * Does something while no other process changes the ledger: the lock for the few files beside it.
   * `act` must not call the ledger, and must not take long.
   */
  exclusively<T>(act: () => T): T;

  /** Small facts worth keeping between commands, such as what the engine can do. */
  fact(key: string): string | undefined;
  setFact(key: string, value: string): void;
  /** Bytes that it takes. */
  size(): number;
  /** Looks at the whole file. @throws {DevboxError} LEDGER_CORRUPT with what was found */
  check(): void;
  close(): void;
}
