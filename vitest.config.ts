import { defineConfig } from "vitest/config";

const MINUTE = 60_000;

/** Podman is shared: one file at a time, and each file cleans up after itself. */
const onRealParts = {
  fileParallelism: false,
  globalSetup: ["test/support/global-setup.ts"],
  testTimeout: 2 * MINUTE,
  // The first to ask for the whole image waits until it is built.
  hookTimeout: 25 * MINUTE,
};

/**
 * What runs beside the other integration tests (scripts/lib/steps.ts), and must not meet its own kind there: the tests of
 * the tailnet and of secrets, which look for files of `op` in everybody's /tmp, and those that give the host addresses.
 */
const TAILNET = [
  "test/integration/{box-,kill-,}tailnet*.test.ts",
  "test/integration/{headscale,tailscale}-api.test.ts",
  "test/integration/secrets-*.test.ts",
  "test/integration/isolation.test.ts",
];

export default defineConfig({
  test: {
    pool: "forks",
    reporters: ["./scripts/lib/line-reporter.ts"],
    passWithNoTests: true,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/integration/**", "test/system/**"],
          testTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: {
          ...onRealParts,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          exclude: ["test/integration/rootless/**", ...TAILNET],
        },
      },
      { extends: true, test: { ...onRealParts, name: "tailnet", include: TAILNET } },
      {
        extends: true,
        test: { ...onRealParts, name: "rootless", include: ["test/integration/rootless/**/*.test.ts"] },
      },
      {
        extends: true,
        test: { ...onRealParts, name: "system", include: ["test/system/**/*.test.ts"] },
      },
    ],
  },
});
