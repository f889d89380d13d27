/** A binary heap: the item that comes before all others is found at once, adding and taking cost log n. */
export class Heap<Item> {
  readonly #items: Array<Item> = []
  readonly #isBefore: (a: Item, b: Item) => boolean

  constructor(isBefore: (a: Item, b: Item) => boolean) {
    this.#isBefore = isBefore
  }

  get first(): Item | undefined {
    return this.#items[0]
  }

  add(item: Item): void {
    let place = this.#items.length
    this.#items.push(item)
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = this.#items[parent]
      if (above === undefined || !this.#isBefore(item, above)) break
      this.#items[place] = above
      place = parent
    }
    this.#items[place] = item
  }

  /** Removes the first item. */
  take(): Item | undefined {
    const first = this.#items[0]
    const last = this.#items.pop()
    if (last !== undefined && this.#items.length > 0) this.#sink(last)
    return first
  }

  #sink(item: Item): void {
    let place = 0
    for (;;) {
      const child = this.#firstChild(place)
      const below = this.#items[child]
      if (below === undefined || !this.#isBefore(below, item)) break
      this.#items[place] = below
      place = child
    }
    this.#items[place] = item
  }

  #firstChild(place: number): number {
    const left = 2 * place + 1
    const [a, b] = [this.#items[left], this.#items[left + 1]]
    return a !== undefined && b !== undefined && this.#isBefore(b, a) ? left + 1 : left
  }
}
