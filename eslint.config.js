import { builtinRules } from "eslint/use-at-your-own-risk";
import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";
import { importDirection } from "./scripts/lib/import-rules.ts";

const CLOCK = "src/adapters/system/clock.ts";

/** ESLint gives a rule one severity; a second name lets the same rule warn early and fail late. */
const devbox = { rules: { "import-direction": importDirection, "max-lines": builtinRules.get("max-lines") } };

const lines = (max) => ({ max, skipBlankLines: true, skipComments: true });

const clockMessage = `The time comes from the Clock port; only ${CLOCK} reads the machine's clock.`;
const clockSyntax = [
  'NewExpression[callee.name="Date"][arguments.length=0]',
  'CallExpression[callee.name="Date"]',
  'MemberExpression[object.name="Date"][property.name="now"]',
  'MemberExpression[object.name="Date"][property.value="now"]',
  'MemberExpression[object.property.name="Date"][property.name="now"]',
  'MemberExpression[object.name="performance"]',
  'MemberExpression[property.name="performance"]',
  'MemberExpression[object.name="process"][property.name=/^(hrtime|uptime)$/]',
  'MemberExpression[object.name="Temporal"][property.name="Now"]',
  "ImportDeclaration[source.value=/^(node:)?perf_hooks$/]",
].map((selector) => ({ selector, message: clockMessage }));

const processSyntax = [
  {
    selector: 'MemberExpression[object.name="process"][property.name=/^(exit|abort|reallyExit)$/]',
    message: "Throw an error that carries its exit code; only the command framework ends the process.",
  },
  {
    selector: "ImportDeclaration[source.value=/^(node:)?process$/] ImportSpecifier",
    message: "Write process.x, so that the rules about process can see it.",
  },
  {
    selector: 'MemberExpression[object.name="process"][property.name=/^(getBuiltinModule|binding|dlopen)$/]',
    message: "Import modules by import, so that the import rules can judge it.",
  },
];

const socketGlobals = ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"].map((name) => ({
  name,
  message: "Only src/adapters/<name>/run.ts opens sockets.",
}));

export default defineConfig(
  { ignores: ["dist/", "coverage/", "node_modules/", "test/fixtures/", "containers/"] },
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { devbox },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/max-params": ["warn", { max: 4 }],
      eqeqeq: "error",
      "devbox/max-lines": ["warn", lines(200)],
      "max-lines": ["error", lines(250)],
      "max-lines-per-function": ["warn", lines(50)],
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      "devbox/import-direction": "error",
      "no-console": "error",
      "no-restricted-globals": ["error", ...socketGlobals],
      "no-restricted-syntax": ["error", ...clockSyntax, ...processSyntax],
    },
  },
  { files: [CLOCK], rules: { "no-restricted-syntax": ["error", ...processSyntax] } },
  { files: ["src/adapters/*/run.ts"], rules: { "no-restricted-globals": "off" } },
  {
    files: ["test/**/*.ts", "docs/bench/**/*.ts"],
    rules: {
      "devbox/max-lines": "off",
      "max-lines": ["error", lines(400)],
      "max-lines-per-function": "off",
    },
  },
  { files: ["test/**/*.ts"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
);
