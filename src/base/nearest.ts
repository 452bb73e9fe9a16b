/** Longer names are not typed by hand. */
const LONGEST = 60

/** The one of the names that a mistyped one is most like; `undefined` when it is not like any. */
export function nearest(mistyped: string, names: readonly string[]): string | undefined {
  if (mistyped.length > LONGEST) return undefined
  const ranked = names.map(name => ({ name, distance: distance(mistyped.toLowerCase(), name.toLowerCase()) }))
  const [best] = ranked.sort((a, b) => a.distance - b.distance)
  if (best === undefined || best.distance * 2 > Math.max(mistyped.length, best.name.length)) return undefined
  return best.name
}

/** How many letters must be put in, left out or changed (Levenshtein), row by row. */
function distance(from: string, to: string): number {
  let before = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const changed = (before[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1)
      row.push(Math.min(changed, (before[j] as number) + 1, (row[j - 1] as number) + 1))
    }
    before = row
  }
  return before[to.length] as number
}
