;; A format for roomscribe: tab-separated values, one line a message.

(module
  (memory (export "memory") 2)

  ;; What lies where: the texts of this file from 16; the input from 65536; the output behind the input.
  (data (i32.const 16) "id\ttime\tsender\ttext\n")
  (data (i32.const 64)
    "{\"abi\":1,\"name\":\"tsv\",\"version\":\"1.0.0\","
    "\"description\":\"Tab-separated values, one line a message\",\"extension\":\"tsv\","
    "\"media_type\":\"text/tab-separated-values; charset=utf-8\","
    "\"options\":{\"type\":\"object\",\"properties\":{"
    "\"header\":{\"type\":\"boolean\",\"default\":true,\"description\":\"The first line names the columns\"},"
    "\"columns\":{\"type\":\"string\",\"enum\":[\"full\",\"short\"],\"default\":\"full\","
    "\"description\":\"Which: short leaves out the id\"}}}}")
  (data (i32.const 512) "options")
  (data (i32.const 528) "header")
  (data (i32.const 544) "columns")
  (data (i32.const 560) "username")

  ;; Whether the id is left out.
  (global $short (mut i32) (i32.const 0))

  ;; Where the next byte of the output goes.
  (global $out (mut i32) (i32.const 0))
  ;; Where the output of this call begins.
  (global $from (mut i32) (i32.const 0))
  ;; What the last object has: places of values, 0 if they are missing.
  (global $id (mut i32) (i32.const 0))
  (global $rid (mut i32) (i32.const 0))
  (global $msg (mut i32) (i32.const 0))
  (global $ts (mut i32) (i32.const 0))
  (global $u (mut i32) (i32.const 0))

  (func (export "roomscribe_abi_1"))

  ;; The description ends where memory is still empty, so that its name may have any length.
  (func (export "roomscribe_describe") (result i64)
    (call $output (i32.const 64))
    (loop $next
      (global.set $out (i32.add (global.get $out) (i32.const 1)))
      (br_if $next (i32.load8_u (global.get $out))))
    (call $result))

  ;; The input always lies at the same place. What is written about it is never longer than itself, but
  ;; for the column names; so twice its length, and a page, is enough. 0: there is no memory.
  (func (export "roomscribe_alloc") (param $length i32) (result i32)
    (local $pages i32)
    (local.set $pages
      (i32.sub
        (i32.add (i32.const 3) (i32.shr_u (local.get $length) (i32.const 15)))
        (memory.size)))
    (if (i32.gt_s (local.get $pages) (i32.const 0))
      (then
        (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then (return (i32.const 0))))))
    (i32.const 65536))

  (func (export "roomscribe_begin") (param $at i32) (param $length i32) (result i64)
    (local $options i32)
    (local.set $options (call $find (local.get $at) (i32.const 512) (i32.const 7)))
    ;; The host has filled in the defaults: both are there. The second byte of "short" tells it.
    (global.set $short
      (i32.eq
        (i32.load8_u offset=1 (call $find (local.get $options) (i32.const 544) (i32.const 7)))
        (i32.const 0x73)))
    ;; t, of true
    (if (i32.ne (i32.load8_u (call $find (local.get $options) (i32.const 528) (i32.const 6))) (i32.const 0x74))
      (then (return (i64.const 0))))
    (call $output (i32.add (i32.const 16) (i32.mul (global.get $short) (i32.const 3))))
    (global.set $out (i32.const 36))
    (call $result))

  (func (export "roomscribe_write") (param $at i32) (param $length i32) (result i64)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (call $output (local.get $end))
    (block $done
      (loop $line
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (global.set $id (i32.const 0))
        (global.set $rid (i32.const 0))
        (global.set $msg (i32.const 0))
        (global.set $ts (i32.const 0))
        (global.set $u (i32.const 0))
        (local.set $at (call $look (local.get $at)))
        ;; Only messages have a `rid`; members, files and what later versions bring have a `type`.
        (if (global.get $rid)
          (then
            (if (i32.eqz (global.get $short))
              (then
                (call $cell (global.get $id))
                (call $put (i32.const 9))))
            (call $cell (global.get $ts))
            (call $put (i32.const 9))
            (if (global.get $u)
              (then (call $cell (call $find (global.get $u) (i32.const 560) (i32.const 8)))))
            (call $put (i32.const 9))
            (call $cell (global.get $msg))
            (call $put (i32.const 10))))
        ;; The line feed.
        (local.set $at (call $blanks (local.get $at)))
        (br $line)))
    (call $result))

  (func (export "roomscribe_finish") (result i64)
    (i64.const 0))

  ;; The output of this call begins there.
  (func $output (param $at i32)
    (global.set $from (local.get $at))
    (global.set $out (local.get $at)))

  ;; What was written in this call.
  (func $result (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (global.get $from)) (i64.const 32))
      (i64.extend_i32_u (i32.sub (global.get $out) (global.get $from)))))

  (func $put (param $byte i32)
    (i32.store8 (global.get $out) (local.get $byte))
    (global.set $out (i32.add (global.get $out) (i32.const 1))))

  ;; The text of the JSON string at this place as a cell.
  (func $cell (param $at i32)
    (local $byte i32)
    (if (i32.eqz (local.get $at)) (then (return)))
    (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 0x22)) (then (return)))
    (block $done
      (loop $next
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (br_if $done (i32.eq (local.get $byte) (i32.const 0x22)))
        (if (i32.eq (local.get $byte) (i32.const 0x5c))
          (then (local.set $at (call $escape (i32.add (local.get $at) (i32.const 1)))))
          (else (call $put (local.get $byte))))
        (br $next))))

  ;; What stands behind a backslash at this place; returns the place of its last byte.
  (func $escape (param $at i32) (result i32)
    (local $byte i32)
    (local.set $byte (i32.load8_u (local.get $at)))
    (if (i32.eq (local.get $byte) (i32.const 0x75)) ;; u
      (then
        (local.set $byte (call $hex (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        ;; The first half of a pair: \ud800 to \udbff, and a second \u behind it.
        (if (i32.and
              (i32.eq (i32.shr_u (local.get $byte) (i32.const 10)) (i32.const 0x36))
              (i32.eq (i32.load16_u offset=1 (local.get $at)) (i32.const 0x755c)))
          (then
            (local.set $at (i32.add (local.get $at) (i32.const 2)))
            (local.set $byte
              (i32.add
                (i32.const 0x10000)
                (i32.or
                  (i32.shl (i32.and (local.get $byte) (i32.const 0x3ff)) (i32.const 10))
                  (i32.and (call $hex (local.get $at)) (i32.const 0x3ff)))))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))))
        (call $code (local.get $byte))
        (return (local.get $at))))
    (if (i32.eq (local.get $byte) (i32.const 0x6e)) (then (local.set $byte (i32.const 10)))) ;; n
    (if (i32.eq (local.get $byte) (i32.const 0x74)) (then (local.set $byte (i32.const 9)))) ;; t
    (if (i32.eq (local.get $byte) (i32.const 0x72)) (then (local.set $byte (i32.const 13)))) ;; r
    (if (i32.eq (local.get $byte) (i32.const 0x62)) (then (local.set $byte (i32.const 8)))) ;; b
    (if (i32.eq (local.get $byte) (i32.const 0x66)) (then (local.set $byte (i32.const 12)))) ;; f
    (call $code (local.get $byte))
    (local.get $at))

  ;; The number that the four bytes behind this place spell.
  (func $hex (param $at i32) (result i32)
    (local $code i32)
    (local $byte i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (i32.const 4)))
    (loop $next
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (local.set $code
        (i32.or
          (i32.shl (local.get $code) (i32.const 4))
          (select
            (i32.sub (local.get $byte) (i32.const 0x30))
            (i32.sub (i32.or (local.get $byte) (i32.const 0x20)) (i32.const 0x57))
            (i32.le_u (local.get $byte) (i32.const 0x39)))))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $code))

  ;; A character: as one of the four that a cell spells with a backslash, else as UTF-8.
  (func $code (param $code i32)
    (if (i32.eq (local.get $code) (i32.const 9)) (then (return (call $spell (i32.const 0x74)))))
    (if (i32.eq (local.get $code) (i32.const 10)) (then (return (call $spell (i32.const 0x6e)))))
    (if (i32.eq (local.get $code) (i32.const 13)) (then (return (call $spell (i32.const 0x72)))))
    (if (i32.eq (local.get $code) (i32.const 0x5c)) (then (return (call $spell (i32.const 0x5c)))))
    (if (i32.lt_u (local.get $code) (i32.const 0x80)) (then (return (call $put (local.get $code)))))
    (if (i32.lt_u (local.get $code) (i32.const 0x800))
      (then (call $put (i32.or (i32.const 0xc0) (i32.shr_u (local.get $code) (i32.const 6)))))
      (else
        (if (i32.lt_u (local.get $code) (i32.const 0x10000))
          (then (call $put (i32.or (i32.const 0xe0) (i32.shr_u (local.get $code) (i32.const 12)))))
          (else
            (call $put (i32.or (i32.const 0xf0) (i32.shr_u (local.get $code) (i32.const 18))))
            (call $six (i32.shr_u (local.get $code) (i32.const 12)))))
        (call $six (i32.shr_u (local.get $code) (i32.const 6)))))
    (call $six (local.get $code)))

  ;; A byte of UTF-8 that is not the first: the lowest six bits.
  (func $six (param $bits i32)
    (call $put (i32.or (i32.const 0x80) (i32.and (local.get $bits) (i32.const 63)))))

  (func $spell (param $byte i32)
    (call $put (i32.const 0x5c))
    (call $put (local.get $byte)))

  ;; Behind the blanks at this place.
  (func $blanks (param $at i32) (result i32)
    (block $done
      (loop $next
        ;; Behind the input lies 0, or older output; no blank is needed there.
        (br_if $done (i32.gt_u (i32.load8_u (local.get $at)) (i32.const 0x20)))
        (br_if $done (i32.ge_u (local.get $at) (global.get $from)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $at))

  ;; Behind the string at this place.
  (func $string (param $at i32) (result i32)
    (local $byte i32)
    (loop $next
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $byte) (i32.const 0x5c))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (br_if $next (i32.ne (local.get $byte) (i32.const 0x22))))
    (i32.add (local.get $at) (i32.const 1)))

  ;; Behind the value at this place.
  (func $value (param $at i32) (result i32)
    (local $byte i32)
    (local $depth i32)
    (loop $next
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $byte) (i32.const 0x22))
        (then
          (local.set $at (call $string (local.get $at)))
          (br_if $next (local.get $depth))
          (return (local.get $at))))
      ;; { and [ differ by one bit from } and ].
      (if (i32.eq (i32.or (local.get $byte) (i32.const 0x20)) (i32.const 0x7b))
        (then
          (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (if (i32.eq (i32.or (local.get $byte) (i32.const 0x20)) (i32.const 0x7d))
        (then
          ;; The end of what a number or word stands in.
          (if (i32.eqz (local.get $depth)) (then (return (local.get $at))))
          (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br_if $next (local.get $depth))
          (return (local.get $at))))
      (if (i32.and (i32.eqz (local.get $depth)) (i32.eq (local.get $byte) (i32.const 0x2c)))
        (then (return (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; Notes where the values of the object at this place lie, and returns what is behind it.
  (func $look (param $at i32) (result i32)
    (local $key i32)
    (local $value i32)
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (loop $next
      (local.set $at (call $blanks (local.get $at)))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x7d))
        (then (return (i32.add (local.get $at) (i32.const 1)))))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x2c))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (local.set $key (i32.add (local.get $at) (i32.const 1)))
      (local.set $value (call $after_colon (call $string (local.get $at))))
      ;; Some bytes of the key, read at once: `_id"`, `rid"`, `msg"`, `ts"`, `u"`.
      (if (i32.eq (i32.load (local.get $key)) (i32.const 0x2264695f))
        (then (global.set $id (local.get $value))))
      (if (i32.eq (i32.load (local.get $key)) (i32.const 0x22646972))
        (then (global.set $rid (local.get $value))))
      (if (i32.eq (i32.load (local.get $key)) (i32.const 0x2267736d))
        (then (global.set $msg (local.get $value))))
      (if (i32.eq (i32.and (i32.load (local.get $key)) (i32.const 0xffffff)) (i32.const 0x227374))
        (then (global.set $ts (local.get $value))))
      (if (i32.eq (i32.load16_u (local.get $key)) (i32.const 0x2275))
        (then (global.set $u (local.get $value))))
      (local.set $at (call $value (local.get $value)))
      (br $next))
    (unreachable))

  ;; The value of that key in the object at this place, 0 if there is none.
  (func $find (param $at i32) (param $key i32) (param $length i32) (result i32)
    (local $name i32)
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (loop $next
      (local.set $at (call $blanks (local.get $at)))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x7d)) (then (return (i32.const 0))))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x2c))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (local.set $name (i32.add (local.get $at) (i32.const 1)))
      (local.set $at (call $string (local.get $at)))
      (if (i32.and
            (i32.eq (i32.sub (i32.sub (local.get $at) (local.get $name)) (i32.const 1)) (local.get $length))
            (call $same (local.get $name) (local.get $key) (local.get $length)))
        (then (return (call $after_colon (local.get $at)))))
      (local.set $at (call $value (call $after_colon (local.get $at))))
      (br $next))
    (unreachable))

  (func $after_colon (param $at i32) (result i32)
    (call $blanks (i32.add (call $blanks (local.get $at)) (i32.const 1))))

  ;; Whether the same bytes lie at both places.
  (func $same (param $a i32) (param $b i32) (param $length i32) (result i32)
    (loop $next
      (if (i32.eqz (local.get $length)) (then (return (i32.const 1))))
      (local.set $length (i32.sub (local.get $length) (i32.const 1)))
      (br_if $next
        (i32.eq
          (i32.load8_u (i32.add (local.get $a) (local.get $length)))
          (i32.load8_u (i32.add (local.get $b) (local.get $length))))))
    (i32.const 0)))
