/** Families through some operation of which the formulas leave something out or know nothing: real runs answer. */
export const throughRuns: ReadonlySet<string> = new Set([...['seq2seq', 'cell_loop', 'conv_lstm']]);
