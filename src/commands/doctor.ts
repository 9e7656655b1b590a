import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { composeDoctor } from "../cli/compose.ts";
import { doctorJson, presentDoctor } from "../cli/present/doctor.ts";
import { styleFor } from "../cli/style.ts";
import { EXIT } from "../core/exit-codes.ts";
import { doctor, type DoctorDeps } from "../usecases/doctor/doctor.ts";

export default class Doctor extends BaseCommand {
  static override summary = "Look whether all is well: Podman, image, host, ledger, boxes and volumes";
  static override description =
    "With --fix it finishes or undoes what a killed command left, rebuilds a lost or damaged ledger from Podman's labels, and removes what belongs to no box. It never removes a home.";
  static override examples = ["<%= config.bin %> doctor", "<%= config.bin %> doctor --fix"];
  static override flags = {
    fix: Flags.boolean({ summary: "Put right what can be put right without losing anything" }),
  };

  async run() {
    const { flags } = await this.parse(Doctor);
    const { config } = await this.configuration(flags);
    const deps = composeDoctor(config, ...this.watch(flags));
    const isWritten = flags.fix && (await this.#written(deps));
    const result = await doctor(deps, { fix: flags.fix });
    // Now there is a ledger to write it down in.
    if (flags.fix && !isWritten) await this.#written(deps);
    this.print(presentDoctor(styleFor(process.stdout), result));
    if (result.problems > 0) process.exitCode = EXIT.partial;
    return doctorJson(result);
  }

  /** Begins the audit log's record; what is wrong with the ledger is the doctor's to say. @returns whether it could */
  async #written(deps: DoctorDeps): Promise<boolean> {
    try {
      await this.audited({ ...deps, ledger: deps.openLedger() });
      return true;
    } catch {
      return false;
    }
  }
}
