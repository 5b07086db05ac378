/** The contract of `gradlens check`: scripts rely on these. */
export const exitCodes = { clean: 0, findings: 1, couldNotRun: 2 } as const;
