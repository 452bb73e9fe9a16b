const SHORTEST = 40
const LONGEST = 360

/** So many prompts of many lengths, the same each time. */
export function prompts(count: number): string[] {
  // 97 has no divisor in common with the number of lengths: each comes once before one comes again.
  return Array.from({ length: count }, (_, index) => words(SHORTEST + ((index * 97) % (LONGEST - SHORTEST + 1))))
}

function words(count: number): string {
  return Array(count).fill('word').join(' ')
}
