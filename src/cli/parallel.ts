/** Several cases at once, within bounds. */

/** How much may be under way. */
export interface Bounds {
  /** Tasks at once. */
  readonly tasks: number
  /** The sum of their weights; a heavier task runs alone. */
  readonly weight: number
}

/**
 * Runs a task for every item, in order of the items as far as the bounds allow, and gives the results in that order.
 */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  weightOf: (item: Item) => number,
  bounds: Bounds,
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length)
  const running = new Set<Promise<void>>()
  let weight = 0
  for (const [index, item] of items.entries()) {
    const own = weightOf(item)
    while (running.size > 0 && (running.size >= bounds.tasks || weight + own > bounds.weight)) {
      await Promise.race(running)
    }
    weight += own
    const run = keep(index, item, own).finally(() => running.delete(run))
    running.add(run)
  }
  await Promise.all(running)
  return results

  async function keep(index: number, item: Item, own: number): Promise<void> {
    results[index] = await task(item)
    weight -= own
  }
}
