import fc from 'fast-check';

/** The same cases on every run, so that a red run can be repeated; `GRADLENS_SEED` asks for others. */
fc.configureGlobal({ seed: Number(process.env.GRADLENS_SEED ?? 20261124) });
