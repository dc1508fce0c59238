"""The portal: pages for suppliers' people, a sub-application with a cookie of its own.

Whoever logs in has an account, and every act is one of `service.suppliers` on its `Scope`.
"""
