/** Something the user gave that cannot be used; its message is the whole answer, on one line. */
export class CommandError extends Error {}
