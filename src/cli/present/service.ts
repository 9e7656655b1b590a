import type { ServiceSwitch } from "../../usecases/service-switch.ts";

/** The end of `service enable` and `service disable`. */
export function presentSwitch({ name, service, on }: ServiceSwitch): string {
  return on
    ? `  ${service} is on in ${name}, now and at every later start.\n    See how it is: devbox-ctl status ${name}`
    : `  ${service} is off in ${name}, now and at every later start.`;
}

/** Their `--json`; the schema is docs/json/service.schema.json. */
export function switchJson({ name, service, on }: ServiceSwitch) {
  return { name, service, enabled: on };
}
