import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { JSON_SCHEMAS, type JsonSchemaName, publishedSchema } from "../../src/core/json/index.ts";

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const ajv = new Ajv2020({ allErrors: true, formats: { "date-time": time } });
const validators = new Map<JsonSchemaName, ValidateFunction>();

/**
 * Holds a result of `--json` against its published schema, and against the strict one behind it,
 * which lets no property through that it does not name.
 * @returns the result, typed
 * @throws with every place where it differs
 */
export function expectValid<Name extends JsonSchemaName>(
  name: Name,
  value: unknown,
): ReturnType<(typeof JSON_SCHEMAS)[Name]["parse"]> {
  const validate = validators.get(name) ?? ajv.compile(publishedSchema(name));
  validators.set(name, validate);
  if (!validate(value)) {
    throw new Error(`not as docs/json/${name}.schema.json says: ${ajv.errorsText(validate.errors)}\n${show(value)}`);
  }
  const parsed = JSON_SCHEMAS[name].safeParse(value);
  if (!parsed.success)
    throw new Error(`more than docs/json/${name}.schema.json says: ${parsed.error.message}\n${show(value)}`);
  return parsed.data as ReturnType<(typeof JSON_SCHEMAS)[Name]["parse"]>;
}

function show(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
