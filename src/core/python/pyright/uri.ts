/** Stand-in for `common/uri/uri`: the parser never makes a URI, its diagnostics module only names the class. */
export const Uri = { fromJsonObj: () => undefined };
