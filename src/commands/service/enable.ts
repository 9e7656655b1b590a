import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { presentSwitch, switchJson } from "../../cli/present/service.ts";
import { switchService } from "../../usecases/service-switch.ts";

export default class ServiceEnable extends BaseCommand {
  static override summary = "Turn a service of a running box on, now and at every later start";
  static override examples = ["<%= config.bin %> service enable api code-server"];
  static override args = {
    name: Args.string({ required: true, description: "Name of the box" }),
    service: Args.string({ required: true, description: "Name of the service, as `status` shows it" }),
  };

  async run() {
    const { args, flags } = await this.parse(ServiceEnable);
    const result = await switchService(await this.deps(flags), { name: args.name, service: args.service, on: true });
    this.print(presentSwitch(result));
    return switchJson(result);
  }
}
