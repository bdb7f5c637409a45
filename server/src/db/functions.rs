//! SQL functions that diesel does not declare.

use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text, Uuid};
use postgis_diesel::sql_types::Geography;

diesel::define_sql_function! {
    /// Distance on the spheroid, metres.
    #[sql_name = "ST_Distance"]
    fn distance_m(a: Geography, b: Geography) -> Double;
}
diesel::define_sql_function! {
    /// Takes the locks of H3 cells in the order given; see the migration.
    fn lock_cells(town: Integer, cells: Array<BigInt>);
}
diesel::define_sql_function! {
    /// Takes a lock of this transaction if it is free.
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}
diesel::define_sql_function! {
    /// Takes a lock of this transaction that any number may share; waits for who has it alone.
    fn pg_advisory_xact_lock_shared(key: BigInt);
}
diesel::define_sql_function! {
    /// Takes a lock of this transaction alone; waits for all who have it.
    fn pg_advisory_xact_lock(key: BigInt);
}
diesel::define_sql_function! {
    /// A 64-bit hash of a text.
    fn hashtextextended(value: Text, seed: BigInt) -> BigInt;
}
diesel::define_sql_function! {
    /// Adds a person and their encrypted contact data; see the migration.
    #[sql_name = "vault.put"]
    fn vault_put(
        subject: Uuid,
        key_id: Text,
        wrapped_key: Binary,
        field: Array<Text>,
        ciphertext: Array<Binary>,
        blind_index: Array<Nullable<Binary>>
    );
}
diesel::define_sql_function! {
    /// Sets a setting, for this transaction only when `is_local`.
    fn set_config(name: Text, value: Text, is_local: Bool) -> Text;
}
diesel::define_sql_function! {
    /// A random identity (version 4).
    fn gen_random_uuid() -> Uuid;
}
