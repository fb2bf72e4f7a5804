"""What is known of one repository: its git state and history, its files, documents and code.

Here: the nouns of a snapshot. Not here: how they are found (`core.repo`), and what two repos share (`domain.link`).
"""
