"""Tests of stockroom.py over the real library. STOCKROOM_HEADER names the header that signatures are held against."""

import ast
import ctypes
import os
import re
import tempfile
import threading
import unittest
from pathlib import Path

import shop as example
import stockroom
from stockroom import Rejected, Stockroom, StockroomError

HERE = Path(__file__).resolve().parent


def shop_with(mugs: int, place: str = ":memory:") -> Stockroom:
    shop = Stockroom(place)
    shop.execute({"register_location": {"location": "main"}})
    shop.execute({"register_channel": {"channel": "web", "locations": ["main"]}})
    shop.execute({"register_sku": {"sku": "mug"}})
    shop.execute({"receive_stock": {"location": "main", "lines": [{"sku": "mug", "quantity": mugs}]}})
    return shop


def order(id: str, quantity: int) -> dict:
    return example.order(id, "mug", quantity, 1250)


class Calls(unittest.TestCase):
    def setUp(self) -> None:
        self.shop = shop_with(10)

    def tearDown(self) -> None:
        self.shop.close()

    def test_an_order_claims_its_units(self) -> None:
        placed = self.shop.execute(order("o-1", 2)).answer["order_placed"]
        self.assertEqual((placed["state"], placed["value_minor"]), ("allocated", 2500))
        self.assertEqual(self.shop.available("mug", "main"), 8)
        self.assertEqual(self.shop.read("order", order="o-1")["state"], "allocated")
        self.assertIsNone(self.shop.read("order", order="o-2"))

    def test_what_is_sent_twice_is_done_once(self) -> None:
        self.assertFalse(self.shop.execute(order("o-1", 2)).repeated)
        self.assertTrue(self.shop.execute(order("o-1", 2)).repeated)
        self.assertEqual(self.shop.available("mug", "main"), 8)

    def test_a_refusal_is_raised_and_changes_nothing(self) -> None:
        before = self.shop.available("mug", "main")
        with self.assertRaises(Rejected) as caught:
            self.shop.execute(order("o-1", 11))
        self.assertEqual(caught.exception.code, "insufficient_stock")
        self.assertEqual(self.shop.available("mug", "main"), before)

    def test_a_failure_tells_status_operation_and_retry(self) -> None:
        with self.assertRaises(StockroomError) as caught:
            self.shop.execute({"no_such_action": {}})
        error = caught.exception
        self.assertEqual((error.status, error.retryable), (9, False))
        self.assertTrue(error.operation)
        self.assertIn("no_such_action", str(error))

    def test_commands_of_a_batch_stand_alone(self) -> None:
        orders = [order("a", 6), order("b", 6), order("c", 4)]
        replies = self.shop.execute_batch({"action": action} for action in orders)
        self.assertEqual([reply.rejection is None for reply in replies], [True, False, True])
        with self.assertRaises(Rejected):
            replies[1].accepted()
        self.assertEqual(self.shop.available("mug", "main"), 0)

    def test_a_preview_changes_nothing(self) -> None:
        digest = self.shop.digest()
        self.assertIn("order_placed", self.shop.preview(order("o-1", 2)).answer)
        self.assertIsNotNone(self.shop.preview(order("o-1", 11)).rejection)
        self.assertEqual(self.shop.digest(), digest)

    def test_availability_is_in_order_and_none_where_unknown(self) -> None:
        self.assertEqual(self.shop.availability(["mug", "cup", "mug"], "main"), [10, None, 10])
        self.assertIsNone(self.shop.available("mug", "moon"))

    def test_events_are_paged_in_order(self) -> None:
        for number in range(5):
            self.shop.execute(order(f"o-{number}", 1))
        every = [event["id"] for event in self.shop.events()]
        self.assertEqual(every, [event["id"] for event in self.shop.events(page=1)])
        self.assertEqual(every, sorted(every, key=int))
        self.assertEqual(every[3:], [event["id"] for event in self.shop.events(after=int(every[2]))])

    def test_what_a_handler_does_not_take_comes_again(self) -> None:
        self.shop.execute({"subscribe": {"subscription": "mail", "from": "now"}})
        self.shop.execute(order("o-1", 1))
        seen = []

        def fail(events: list) -> None:
            seen.append([event["id"] for event in events])
            raise ValueError("the queue is down")

        with self.assertRaisesRegex(ValueError, "down"):
            self.shop.publish("mail", "/test", fail)
        count = self.shop.publish("mail", "/test", lambda events: seen.append([event["id"] for event in events]))
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(count, len(seen[1]))
        self.assertEqual(self.shop.publish("mail", "/test", fail), 0)
        with self.assertRaises(StockroomError):
            self.shop.publish("nobody", "/test", fail)

    def test_a_handler_may_not_call_back_in(self) -> None:
        self.shop.execute({"subscribe": {"subscription": "mail", "from": "now"}})
        self.shop.execute(order("o-1", 1))
        with self.assertRaises(StockroomError) as caught:
            self.shop.publish("mail", "/test", lambda events: self.shop.execute(order("o-2", 1)))
        self.assertEqual(caught.exception.status, 104)

    def test_what_is_closed_stays_closed(self) -> None:
        self.shop.close()
        self.shop.close()
        with self.assertRaises(StockroomError):
            self.shop.verify()

    def test_verify_reports(self) -> None:
        report = self.shop.verify()
        self.assertTrue(report["ok"])
        self.assertEqual(report["problems"], [])


class Files(unittest.TestCase):
    def test_what_was_answered_is_there_when_opened_again(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "shöp.sqlite3"
            with shop_with(10, str(path)) as shop:
                shop.execute(order("o-1", 3))
                digest = shop.digest()
            with Stockroom(path, durability="normal") as shop:
                self.assertEqual(shop.digest(), digest)
                self.assertEqual(shop.available("mug", "main"), 7)

    def test_a_file_that_cannot_be_opened_is_a_failure(self) -> None:
        with self.assertRaises(StockroomError):
            Stockroom("/no/such/directory/shop.sqlite3")

    def test_threads_never_sell_a_unit_twice(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            with shop_with(20, os.path.join(directory, "shop.sqlite3")) as shop:
                sold = []

                def sell(thread: int) -> None:
                    for number in range(10):
                        try:
                            shop.execute(order(f"t{thread}-{number}", 1))
                            sold.append(thread)
                        except Rejected:
                            pass

                threads = [threading.Thread(target=sell, args=(thread,)) for thread in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                self.assertEqual((len(sold), shop.available("mug", "main")), (20, 0))
                self.assertTrue(shop.verify()["ok"])

    def test_the_example_runs_twice_on_one_file(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "shop.sqlite3")
            self.assertEqual([example.main(path), example.main(path)], [0, 0])


class Sources(unittest.TestCase):
    def test_the_signatures_are_those_of_the_header(self) -> None:
        header = Path(os.environ["STOCKROOM_HEADER"]).read_text()
        header = re.sub(r"/\*.*?\*/", " ", header, flags=re.S)
        c_types = {
            "const char *": ctypes.c_char_p, "size_t": ctypes.c_size_t, "uint32_t": ctypes.c_uint32,
            "uint64_t": ctypes.c_uint64, "struct stockroom *": ctypes.c_void_p, "void *": ctypes.c_void_p,
            "struct stockroom_document *": ctypes.c_void_p, "stockroom_queue ": stockroom._Queue,
        }  # fmt: skip
        pointers = {
            "stockroom_options": stockroom._Options, "stockroom_text": stockroom._Text, "int64_t": ctypes.c_int64,
            "int32_t": ctypes.c_int32, "size_t": ctypes.c_size_t, "uint8_t": ctypes.c_uint8,
        }  # fmt: skip

        def python_type(parameter: str) -> object:
            declared = re.sub(r"\w+$", "", re.sub(r"\s+", " ", parameter).strip())
            if declared.endswith("**"):
                return ctypes.POINTER(ctypes.c_void_p)
            for name in (declared, declared.strip(), declared.replace("const ", "")):
                if name in c_types:
                    return c_types[name]
            return ctypes.POINTER(pointers[re.sub(r"const |struct |[ *]", "", declared)])

        for name, arguments in stockroom._FUNCTIONS.items():
            found = re.search(r"^([\w ]+\*?)\s*\b" + name + r"\(([^)]*)\);", header, flags=re.M)
            assert found is not None, f"{name} is not in the header"
            text = found.group(2).strip()
            parameters = [] if text == "void" else text.split(",")
            self.assertEqual([python_type(parameter) for parameter in parameters], arguments, name)
            returns = "const char *" if name in stockroom._TEXTS else "int32_t"
            self.assertEqual(found.group(1).strip(), returns, name)

    def test_the_sources_are_python_3_8(self) -> None:
        for name in ["stockroom.py", "shop.py"]:
            ast.parse((HERE / name).read_text(), name, feature_version=(3, 8))


if __name__ == "__main__":
    unittest.main()
