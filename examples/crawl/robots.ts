interface Rule {
  readonly allows: boolean
  readonly path: string
  readonly matches: RegExp
}

/** Which paths a robot may visit, by a `robots.txt` (RFC 9309). */
export class Robots {
  readonly #rules: readonly Rule[]

  /** @param robot the product token of the robot, such as `crawler` */
  constructor(text: string, robot: string) {
    const groups = groupsOf(text)
    this.#rules = groups.get(robot.toLowerCase()) ?? groups.get('*') ?? []
  }

  /** The longest rule that fits decides, the one that allows among those of the same length; none allows. */
  allows({ pathname, search }: URL): boolean {
    let best: Rule | undefined
    for (const rule of this.#rules) {
      if (!rule.matches.test(pathname + search)) continue
      const longer = rule.path.length - (best?.path.length ?? -1)
      if (longer > 0 || (longer === 0 && rule.allows)) best = rule
    }
    return best?.allows ?? true
  }
}

function groupsOf(text: string): Map<string, Rule[]> {
  const groups = new Map<string, Rule[]>()
  let current: Rule[][] = []
  let naming = false
  for (const line of text.split(/[\r\n]+/)) {
    const [, name = '', value = ''] = /^\s*([a-z-]+)\s*:\s*([^#]*?)\s*(?:#.*)?$/i.exec(line) ?? []
    const field = name.toLowerCase()
    if (field === 'user-agent') {
      const group = groups.get(value.toLowerCase()) ?? []
      groups.set(value.toLowerCase(), group)
      current = naming ? [...current, group] : [group]
      naming = true
    } else if (field === 'allow' || field === 'disallow') {
      naming = false
      if (value === '') continue
      for (const group of current) group.push({ allows: field === 'allow', path: value, matches: pattern(value) })
    }
  }
  return groups
}

/** `*` is anything, `$` at the end the end. Nothing backtracks far: what lies between two stars is found where it comes first. */
function pattern(path: string): RegExp {
  const anchored = path.endsWith('$')
  const parts = (anchored ? path.slice(0, -1) : path)
    .split(/\*+/)
    .map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*?')}${anchored ? '$' : ''}`)
}
