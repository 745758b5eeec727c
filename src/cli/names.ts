/** Names and messages out of the file system, made safe for what shows them. */

/**
 * Control characters (which command a terminal) and invisible ones that reorder text, as `\u{…}`. Everything of the
 * categories Cc, Cf, Zl, Zp, and lone surrogates.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (letter) => `\\u{${(letter.codePointAt(0) as number).toString(16)}}`,
  )
}

/**
 * One field of a CSV line. A text that begins like a formula gets an apostrophe in front, or a spreadsheet would
 * compute it; one with separators is quoted.
 */
export function csvField(text: string): string {
  const safe = visible(text).replace(/^[=+\-@]/, "'$&")
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** JSON whose text holds none of the characters that `visible` replaces. NaN becomes null. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (letter) =>
    letter.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}
