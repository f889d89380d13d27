;; Weighted sums of 8-bit pixels, exact in 32-bit integers: what Pillow's resampling does, sixteen bytes at a time.
;;
;; A table says how each target is made. One after another it holds, for each target, three parts of 32-bit words:
;; the byte offset of its first source, the number of its pairs of sources, and for each pair two words. A weight w of
;; 22 fractional bits is w = high · 2¹⁵ + low, so that both halves fit 16 bits; the first word of a pair holds the low
;; halves of its two weights, the second one the high halves. A last source without a partner has the weight 0 beside it.
;;
;; Up to 16 bytes after the last source are read, and up to 16 after the last target written.
(module
  (memory (export "memory") 1)

  ;; Sums of the low and of the high halves become four values of 8 bits, rounded and clamped, in lanes of 32 bits.
  (func $rounded (param $low v128) (param $high v128) (result v128)
    (i32x4.shr_s
      (i32x4.add
        (i32x4.add (i32x4.shl (local.get $high) (i32.const 15)) (local.get $low))
        (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
      (i32.const 22)))

  ;; The four bytes of a pixel, from the sums of the halves.
  (func $pixel (param $low v128) (param $high v128) (result v128)
    (local.set $low (call $rounded (local.get $low) (local.get $high)))
    (local.set $low (i16x8.narrow_i32x4_s (local.get $low) (local.get $low)))
    (i8x16.narrow_i16x8_u (local.get $low) (local.get $low)))

  ;; Rows from wider or narrower ones, two at a time. Pixels have up to four bytes; the 16 bytes at $spread say where the
  ;; bytes of two neighbouring pixels go so that each band's two values stand side by side as 16-bit numbers.
  (func (export "rows")
    (param $source i32) (param $stride i32) (param $target i32) (param $targetStride i32)
    (param $height i32) (param $table i32) (param $width i32) (param $bands i32) (param $spread i32)
    (local $pattern v128) (local $entry i32) (local $end i32) (local $from i32) (local $to i32) (local $column i32)
    (local $lows v128) (local $highs v128) (local $pairs v128) (local $step i32)
    (local $low0 v128) (local $low1 v128) (local $high0 v128) (local $high1 v128)
    (local.set $pattern (v128.load (local.get $spread)))
    (local.set $step (i32.shl (local.get $bands) (i32.const 1)))
    (block $done
      (loop $row
        (br_if $done (i32.le_s (local.get $height) (i32.const 0)))
        ;; A last row without a partner is made twice.
        (if (i32.eq (local.get $height) (i32.const 1))
          (then (local.set $stride (i32.const 0)) (local.set $targetStride (i32.const 0))))
        (local.set $entry (local.get $table))
        (local.set $to (local.get $target))
        (local.set $column (local.get $width))
        (loop $column
          (local.set $from (i32.add (local.get $source) (i32.load (local.get $entry))))
          (local.set $end
            (i32.add (i32.add (local.get $entry) (i32.const 8))
                     (i32.shl (i32.load offset=4 (local.get $entry)) (i32.const 3))))
          (local.set $entry (i32.add (local.get $entry) (i32.const 8)))
          (local.set $low0 (v128.const i32x4 0 0 0 0))
          (local.set $low1 (local.get $low0))
          (local.set $high0 (local.get $low0))
          (local.set $high1 (local.get $low0))
          (loop $pair
            (local.set $lows (v128.load32_splat (local.get $entry)))
            (local.set $highs (v128.load32_splat offset=4 (local.get $entry)))
            (local.set $pairs (i8x16.swizzle (v128.load64_zero (local.get $from)) (local.get $pattern)))
            (local.set $low0 (i32x4.add (local.get $low0) (i32x4.dot_i16x8_s (local.get $pairs) (local.get $lows))))
            (local.set $high0 (i32x4.add (local.get $high0) (i32x4.dot_i16x8_s (local.get $pairs) (local.get $highs))))
            (local.set $pairs
              (i8x16.swizzle
                (v128.load64_zero (i32.add (local.get $from) (local.get $stride)))
                (local.get $pattern)))
            (local.set $low1 (i32x4.add (local.get $low1) (i32x4.dot_i16x8_s (local.get $pairs) (local.get $lows))))
            (local.set $high1 (i32x4.add (local.get $high1) (i32x4.dot_i16x8_s (local.get $pairs) (local.get $highs))))
            (local.set $from (i32.add (local.get $from) (local.get $step)))
            (local.set $entry (i32.add (local.get $entry) (i32.const 8)))
            (br_if $pair (i32.lt_u (local.get $entry) (local.get $end))))
          (v128.store32_lane 0 (local.get $to) (call $pixel (local.get $low0) (local.get $high0)))
          (v128.store32_lane 0
            (i32.add (local.get $to) (local.get $targetStride))
            (call $pixel (local.get $low1) (local.get $high1)))
          (local.set $to (i32.add (local.get $to) (local.get $bands)))
          (br_if $column (local.tee $column (i32.sub (local.get $column) (i32.const 1)))))
        (local.set $source (i32.add (local.get $source) (i32.shl (local.get $stride) (i32.const 1))))
        (local.set $target (i32.add (local.get $target) (i32.shl (local.get $targetStride) (i32.const 1))))
        (local.set $height (i32.sub (local.get $height) (i32.const 2)))
        (br $row))))

  ;; Rows each of which is made of several rows of the same width, $width bytes.
  (func (export "columns")
    (param $source i32) (param $stride i32) (param $target i32) (param $targetStride i32)
    (param $width i32) (param $table i32) (param $height i32)
    (local $entry i32) (local $start i32) (local $end i32) (local $from i32) (local $first i32) (local $column i32)
    (local $upper v128) (local $lower v128) (local $pairs v128) (local $lows v128) (local $highs v128)
    (local $low0 v128) (local $low1 v128) (local $low2 v128) (local $low3 v128)
    (local $high0 v128) (local $high1 v128) (local $high2 v128) (local $high3 v128)
    (local.set $start (local.get $table))
    (block $done
      (loop $row
        (br_if $done (i32.eqz (local.get $height)))
        (local.set $first (i32.add (local.get $source) (i32.load (local.get $start))))
        (local.set $end
          (i32.add (i32.add (local.get $start) (i32.const 8))
                   (i32.shl (i32.load offset=4 (local.get $start)) (i32.const 3))))
        (local.set $start (i32.add (local.get $start) (i32.const 8)))
        (local.set $column (i32.const 0))
        (loop $sixteen
          (local.set $from (i32.add (local.get $first) (local.get $column)))
          (local.set $entry (local.get $start))
          (local.set $low0 (v128.const i32x4 0 0 0 0))
          (local.set $low1 (local.get $low0))
          (local.set $low2 (local.get $low0))
          (local.set $low3 (local.get $low0))
          (local.set $high0 (local.get $low0))
          (local.set $high1 (local.get $low0))
          (local.set $high2 (local.get $low0))
          (local.set $high3 (local.get $low0))
          (loop $pair
            (local.set $lows (v128.load32_splat (local.get $entry)))
            (local.set $highs (v128.load32_splat offset=4 (local.get $entry)))
            (local.set $upper (v128.load (local.get $from)))
            (local.set $lower (v128.load (i32.add (local.get $from) (local.get $stride))))
            (local.set $pairs
              (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $upper) (local.get $lower)))
            (local.set $lower
              (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $upper) (local.get $lower)))
            (local.set $upper (i16x8.extend_high_i8x16_u (local.get $pairs)))
            (local.set $pairs (i16x8.extend_low_i8x16_u (local.get $pairs)))
            (local.set $low0 (i32x4.add (local.get $low0) (i32x4.dot_i16x8_s (local.get $pairs) (local.get $lows))))
            (local.set $high0 (i32x4.add (local.get $high0) (i32x4.dot_i16x8_s (local.get $pairs) (local.get $highs))))
            (local.set $low1 (i32x4.add (local.get $low1) (i32x4.dot_i16x8_s (local.get $upper) (local.get $lows))))
            (local.set $high1 (i32x4.add (local.get $high1) (i32x4.dot_i16x8_s (local.get $upper) (local.get $highs))))
            (local.set $pairs (i16x8.extend_low_i8x16_u (local.get $lower)))
            (local.set $upper (i16x8.extend_high_i8x16_u (local.get $lower)))
            (local.set $low2 (i32x4.add (local.get $low2) (i32x4.dot_i16x8_s (local.get $pairs) (local.get $lows))))
            (local.set $high2 (i32x4.add (local.get $high2) (i32x4.dot_i16x8_s (local.get $pairs) (local.get $highs))))
            (local.set $low3 (i32x4.add (local.get $low3) (i32x4.dot_i16x8_s (local.get $upper) (local.get $lows))))
            (local.set $high3 (i32x4.add (local.get $high3) (i32x4.dot_i16x8_s (local.get $upper) (local.get $highs))))
            (local.set $from (i32.add (local.get $from) (i32.shl (local.get $stride) (i32.const 1))))
            (local.set $entry (i32.add (local.get $entry) (i32.const 8)))
            (br_if $pair (i32.lt_u (local.get $entry) (local.get $end))))
          (v128.store (i32.add (local.get $target) (local.get $column))
            (i8x16.narrow_i16x8_u
              (i16x8.narrow_i32x4_s
                (call $rounded (local.get $low0) (local.get $high0))
                (call $rounded (local.get $low1) (local.get $high1)))
              (i16x8.narrow_i32x4_s
                (call $rounded (local.get $low2) (local.get $high2))
                (call $rounded (local.get $low3) (local.get $high3)))))
          (local.set $column (i32.add (local.get $column) (i32.const 16)))
          (br_if $sixteen (i32.lt_u (local.get $column) (local.get $width))))
        (local.set $start (local.get $end))
        (local.set $target (i32.add (local.get $target) (local.get $targetStride)))
        (local.set $height (i32.sub (local.get $height) (i32.const 1)))
        (br $row)))))
