/** A message of pyright's parser in plain words made from its key: `expectedCloseBracket` → `expected close bracket`. */
function wordsOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function messageTable(): object {
  return new Proxy(
    {},
    {
      get: (_target, key) => () => {
        const text = wordsOf(String(key));
        return { toString: () => text, format: () => text };
      },
    },
  );
}

/** Stand-ins for `localization/localize`, whose tables in fifteen languages the tree does not need. */
export const LocMessage = messageTable();
export const LocAddendum = messageTable();
