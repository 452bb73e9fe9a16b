/**
 * The strongly connected components of what can be reached from `roots`, after Tarjan: linear in nodes and edges, and
 * without recursion, since chains of tasks may be long.
 */
export function strongComponents<N>(roots: Iterable<N>, edges: (node: N) => Iterable<N>): N[][] {
  const found: N[][] = []
  const visits = new Map<N, Visit<N>>()
  const unassigned: Visit<N>[] = []
  const path: Visit<N>[] = []

  const enter = (node: N): void => {
    const visit = {
      node,
      order: visits.size,
      lowest: visits.size,
      assigned: false,
      edges: edges(node)[Symbol.iterator](),
    }
    visits.set(node, visit)
    unassigned.push(visit)
    path.push(visit)
  }
  const leave = (visit: Visit<N>): void => {
    path.pop()
    const before = path.at(-1)
    if (before !== undefined) before.lowest = Math.min(before.lowest, visit.lowest)
    if (visit.lowest < visit.order) return
    const component: N[] = []
    for (let member = unassigned.pop(); member !== undefined; member = unassigned.pop()) {
      member.assigned = true
      component.push(member.node)
      if (member === visit) break
    }
    found.push(component)
  }

  for (const root of roots) {
    if (!visits.has(root)) enter(root)
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const { done, value } = visit.edges.next()
      const seen = done === true ? undefined : visits.get(value)
      if (done === true) leave(visit)
      else if (seen === undefined) enter(value)
      else if (!seen.assigned) visit.lowest = Math.min(visit.lowest, seen.order)
    }
  }
  return found
}

interface Visit<N> {
  readonly node: N
  readonly order: number
  /** The lowest order that can be reached among those without a component. */
  lowest: number
  assigned: boolean
  readonly edges: Iterator<N>
}
