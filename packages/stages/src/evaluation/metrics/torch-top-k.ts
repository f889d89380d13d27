/**
 * The k largest of a row as `torch.topk` gives them on a CPU. Where all values differ any way of sorting does; of equal
 * ones torch takes those that C++'s `partial_sort`, or `nth_element` and `sort`, happen to leave in front. Texts that are
 * the same word for word have the same score, so that it shows in benchmarks: what is here are the algorithms of GNU's
 * libstdc++, step by step, with indices for elements.
 *
 * @returns the indices, the largest value first
 */
export const torchTopK = (values: ArrayLike<number>, k: number): Int32Array => {
  const row = new Row(values)
  const n = values.length
  if (k * 64 <= n) row.partialSort(0, k, n)
  else {
    row.nthElement(0, k - 1, n)
    row.sort(0, k - 1)
  }
  return row.order.slice(0, k)
}

/**
 * The places of a row's values from the largest to the smallest, as `torch.sort` gives them on a CPU without being asked
 * for a stable order: by C++'s `sort`, so that of equal values any may be first where there are more than 16.
 */
export const torchSort = (values: ArrayLike<number>): Int32Array => {
  const row = new Row(values)
  row.sort(0, values.length)
  return row.order
}

/** Rows that are sorted by insertion, as libstdc++ has it. */
const SMALL = 16

const depthOf = (count: number): number => 2 * Math.floor(Math.log2(count))

class Row {
  readonly order: Int32Array
  readonly #values: ArrayLike<number>

  constructor(values: ArrayLike<number>) {
    this.#values = values
    this.order = Int32Array.from({ length: values.length }, (_, index) => index)
  }

  partialSort(first: number, middle: number, last: number): void {
    this.#heapSelect(first, middle, last)
    for (let end = middle; end - first > 1; ) this.#popHeap(first, --end, end)
  }

  nthElement(first: number, nth: number, last: number): void {
    if (first === last || nth === last) return
    let [from, to, depth] = [first, last, depthOf(last - first)]
    while (to - from > 3) {
      if (depth-- === 0) {
        this.#heapSelect(from, nth + 1, to)
        this.#swap(from, nth)
        return
      }
      const cut = this.#partition(from, to)
      if (cut <= nth) from = cut
      else to = cut
    }
    this.#insertionSort(from, to)
  }

  sort(first: number, last: number): void {
    if (first === last) return
    this.#introsort(first, last, depthOf(last - first))
    this.#insertionSort(first, Math.min(last, first + SMALL))
    for (let at = first + SMALL; at < last; at++) this.#insert(at)
  }

  #introsort(first: number, last: number, depth: number): void {
    let [to, left] = [last, depth]
    while (to - first > SMALL) {
      if (left-- === 0) {
        this.partialSort(first, to, to)
        return
      }
      const cut = this.#partition(first, to)
      this.#introsort(cut, to, left)
      to = cut
    }
  }

  #at(place: number): number {
    return this.order[place] ?? 0
  }

  /** Whether one element comes before another: it is larger. */
  #before(a: number, b: number): boolean {
    return (this.#values[a] ?? 0) > (this.#values[b] ?? 0)
  }

  #swap(a: number, b: number): void {
    const kept = this.#at(a)
    this.order[a] = this.#at(b)
    this.order[b] = kept
  }

  #heapSelect(first: number, middle: number, last: number): void {
    const size = middle - first
    for (let parent = Math.floor((size - 2) / 2); parent >= 0; parent--)
      this.#adjustHeap(first, parent, size, this.#at(first + parent))
    for (let at = middle; at < last; at++)
      if (this.#before(this.#at(at), this.#at(first))) this.#popHeap(first, middle, at)
  }

  #popHeap(first: number, last: number, result: number): void {
    const value = this.#at(result)
    this.order[result] = this.#at(first)
    this.#adjustHeap(first, 0, last - first, value)
  }

  #adjustHeap(first: number, top: number, size: number, value: number): void {
    let hole = top
    let child = top
    while (child < Math.floor((size - 1) / 2)) {
      child = 2 * (child + 1)
      if (this.#before(this.#at(first + child), this.#at(first + child - 1))) child--
      this.order[first + hole] = this.#at(first + child)
      hole = child
    }
    if (size % 2 === 0 && child === (size - 2) / 2) {
      child = 2 * child + 1
      this.order[first + hole] = this.#at(first + child)
      hole = child
    }
    for (let parent = (hole - 1) >> 1; hole > top; parent = (hole - 1) >> 1) {
      if (!this.#before(this.#at(first + parent), value)) break
      this.order[first + hole] = this.#at(first + parent)
      hole = parent
    }
    this.order[first + hole] = value
  }

  /** Divides what is between two places by the median of three, and returns where. */
  #partition(first: number, last: number): number {
    this.#medianToFirst(first, first + 1, first + ((last - first) >> 1), last - 1)
    const pivot = this.#at(first)
    let [low, high] = [first + 1, last]
    for (;;) {
      while (this.#before(this.#at(low), pivot)) low++
      high--
      while (this.#before(pivot, this.#at(high))) high--
      if (low >= high) return low
      this.#swap(low++, high)
    }
  }

  #medianToFirst(first: number, a: number, b: number, c: number): void {
    const [x, y, z] = [this.#at(a), this.#at(b), this.#at(c)]
    if (this.#before(x, y)) this.#swap(first, this.#before(y, z) ? b : this.#before(x, z) ? c : a)
    else this.#swap(first, this.#before(x, z) ? a : this.#before(y, z) ? c : b)
  }

  #insertionSort(first: number, last: number): void {
    for (let at = first + 1; at < last; at++) {
      const value = this.#at(at)
      if (this.#before(value, this.#at(first))) {
        this.order.copyWithin(first + 1, first, at)
        this.order[first] = value
      } else this.#insert(at)
    }
  }

  #insert(place: number): void {
    const value = this.#at(place)
    let at = place
    for (; this.#before(value, this.#at(at - 1)); at--) this.order[at] = this.#at(at - 1)
    this.order[at] = value
  }
}
